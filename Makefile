# make help says what there is to make.

BUILD    = build
LISTEN   = 127.0.0.1
PORT     = 8080
RUN_DIR  = .run
PREFIX   = /usr/local
DESTDIR  =
SANITIZE =
TESTS    =

VERSION  = 0.1.0
# Counts changes of the binary interface; the name that programs ask for.
SONAME   = libdeals.so.0

CC       = gcc
AR       = gcc-ar
OPT      = -g -O2
WARN     = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wpointer-arith -Wvla -Werror
# gcc sees uninitialised values everywhere once its sanitizers have rewritten
# the code.
ifneq ($(SANITIZE),)
SAN      = -fsanitize=address,undefined -fno-omit-frame-pointer \
           -Wno-maybe-uninitialized
endif
CFLAGS   = -std=gnu11 $(OPT) -fPIC -fvisibility=hidden $(WARN) $(SAN)
CPPFLAGS = -D_GNU_SOURCE -DDEALS_VERSION='"$(VERSION)"' \
           -Ilibdeals/include -Ilibdeals -I$(BUILD)/gen
LDFLAGS  = $(SAN)
# hiredis goes in whole: another module of the same nginx may export a hiredis
# of its own.
LIBS     = -lpq -l:libhiredis.a -lyajl -lsodium -lcurl -lidn2 -lpsl \
           -lcmark-gfm-extensions -lcmark-gfm -lz -lm

ABS      = $(abspath $(BUILD))

# Everything is found, nothing is listed: a new file is in the build at once.
GEN_IN   := $(wildcard sql/generate sql/*.pl sql/*.pm sql/lib/*.pm \
              sql/migrations/*.sql sql/statements/*)
EMBED_IN := $(wildcard conf/embed conf/templates/* conf/static/*)
LIB_SRC  := $(wildcard $(foreach d,base core io calls view,libdeals/$(d)/*.c))
CLI_SRC  := $(wildcard libdeals/cli/*.c)
MODULE_SRC := $(wildcard ngx_deals_module/*.c)
MODULE_IN  := $(MODULE_SRC) $(wildcard ngx_deals_module/*.h config)
UNIT_SRC := $(wildcard t/unit/*.c)
PUBLIC   := $(wildcard libdeals/include/deals/*.h)

GEN_SRC  := $(if $(wildcard sql/generate),stmts.c migrations.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/obj/%.o) \
            $(GEN_SRC:%.c=$(BUILD)/obj/gen/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(BUILD)/obj/%.o)
UNIT     := $(UNIT_SRC:t/unit/%.c=$(BUILD)/t/%)

GEN      := $(if $(wildcard sql/generate),$(BUILD)/gen/.generated) \
            $(if $(wildcard conf/embed),$(BUILD)/gen/.embedded)
LIBRARY  := $(if $(LIB_SRC),$(BUILD)/libdeals.a $(BUILD)/libdeals.so)
CLI      := $(if $(CLI_SRC),$(BUILD)/deals)
BUILTIN  := $(if $(wildcard conf/embed),$(BUILD)/builtin.a)
MODULE   := $(if $(and $(MODULE_SRC),$(wildcard config)),\
              $(BUILD)/ngx_http_deals_module.so)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all gen lib cli module unit packages test-packages run start stop \
        test check asan valgrind lint bench fuzz install clean help

all: $(LIBRARY) $(CLI) $(MODULE)

gen: $(GEN)
lib: $(LIBRARY)
cli: $(CLI)
module: $(MODULE)
unit: $(UNIT)


# --- generated code -------------------------------------------------------

# Only what changed gets a new time, so that a changed statement does not
# compile everything again.
define refresh
	@mkdir -p $(BUILD)/gen/new/deals $(BUILD)/gen/deals
	perl $(1) $(BUILD)/gen/new
	@cd $(BUILD)/gen/new && for f in $$(find . -type f); do \
	    cmp -s "$$f" "../$$f" || mv -f "$$f" "../$$f" || exit 1; done
	@rm -rf $(BUILD)/gen/new
	@touch $@
endef

$(BUILD)/gen/.generated: $(GEN_IN)
	$(call refresh,sql/generate)

# One after the other: they share a directory.
$(BUILD)/gen/.embedded: $(EMBED_IN) \
                        | $(if $(GEN_SRC),$(BUILD)/gen/.generated)
	$(call refresh,conf/embed)

$(addprefix $(BUILD)/gen/,$(GEN_SRC)): $(BUILD)/gen/.generated ;
$(BUILD)/gen/builtin.c: $(BUILD)/gen/.embedded ;


# --- objects --------------------------------------------------------------

# Changed flags compile everything again.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS)
$(shell mkdir -p '$(BUILD)'; \
        printf '%s\n' "$(subst ",,$(FLAGS))" | \
        cmp -s - '$(BUILD)/.flags' || \
        printf '%s\n' "$(subst ",,$(FLAGS))" > '$(BUILD)/.flags')

$(BUILD)/obj/%.o: %.c $(BUILD)/.flags | $(GEN)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/.flags | $(GEN)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(BUILD)/obj/gen/builtin.d \
         $(UNIT_SRC:%.c=$(BUILD)/obj/%.d)

# A file that was removed must leave the archive too.
$(BUILD)/.objects: FORCE
	@printf '%s\n' '$(LIB_OBJ)' | cmp -s - $@ || \
	    printf '%s\n' '$(LIB_OBJ)' > $@
FORCE:

$(BUILD)/libdeals.a: $(LIB_OBJ) $(BUILD)/.objects
	@rm -f $@
	$(AR) rcs $@ $(LIB_OBJ)

$(BUILD)/libdeals.so: $(LIB_OBJ) $(BUILD)/.objects libdeals/libdeals.map
	$(CC) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) \
	    -Wl,--version-script=libdeals/libdeals.map -Wl,--exclude-libs,ALL \
	    -Wl,-Bsymbolic $(if $(SANITIZE),,-Wl,-z,defs) -Wl,-z,relro,-z,now \
	    -o $@ $(LIB_OBJ) $(LIBS)
	@ln -sf libdeals.so $(BUILD)/$(SONAME)

$(BUILD)/deals: $(CLI_OBJ) $(BUILD)/libdeals.a
	$(CC) $(LDFLAGS) -o $@ $(CLI_OBJ) $(BUILD)/libdeals.a $(LIBS)

$(BUILD)/builtin.a: $(BUILD)/obj/gen/builtin.o
	@rm -f $@
	$(AR) rcs $@ $<


# --- the nginx module -----------------------------------------------------

# conf/run/module runs nginx' own configure and make, out of tree.
$(BUILD)/ngx_http_deals_module.so: $(MODULE_IN) $(PUBLIC) conf/run/module \
        $(BUILD)/libdeals.a $(BUILTIN)
	SANITIZE='$(strip $(SAN))' LIBS='$(LIBS)' conf/run/module '$(ABS)'


# --- unit tests -----------------------------------------------------------

$(BUILD)/t/%: $(BUILD)/obj/t/unit/%.o $(BUILD)/libdeals.a $(BUILTIN)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/libdeals.a $(BUILTIN) -lcmocka $(LIBS)

.SECONDARY: $(UNIT_SRC:%.c=$(BUILD)/obj/%.o)
