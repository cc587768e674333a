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
LIBS     = -lpq -l:libhiredis.a -lyajl -lsodium -lssl -lcrypto -lnettle \
           -lqrencode -lcurl -lidn2 -lpsl -lcmark-gfm-extensions -lcmark-gfm \
           -lz -lm

ABS      = $(abspath $(BUILD))
# However it was written: else its other name in -I would change the flags, and
# they would compile everything again, under the feet of what runs there.
override BUILD := $(patsubst $(CURDIR)/%,%,$(ABS))

# Everything is found, nothing is listed: a new file is in the build at once.
GEN_IN   := $(wildcard sql/generate sql/*.pl sql/*.pm sql/lib/*.pm \
              sql/migrations/*.sql sql/statements/*)
EMBED_IN := $(wildcard conf/embed conf/*.json conf/templates/* conf/static/*)
LIB_SRC  := $(wildcard $(foreach d,base core io calls view,libdeals/$(d)/*.c))
CLI_SRC  := $(wildcard libdeals/cli/*.c)
MODULE_SRC := $(wildcard ngx_deals_module/*.c)
MODULE_IN  := $(MODULE_SRC) $(wildcard ngx_deals_module/*.h config)
UNIT_SRC := $(wildcard t/unit/*.c)
FUZZ_SRC := $(wildcard t/fuzz/*.c)
PUBLIC   := $(wildcard libdeals/include/deals/*.h)

GEN_SRC  := $(if $(wildcard sql/generate),stmts.c migrations.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/obj/%.o) \
            $(GEN_SRC:%.c=$(BUILD)/obj/gen/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(BUILD)/obj/%.o)
UNIT     := $(UNIT_SRC:t/unit/%.c=$(BUILD)/t/%)

GENERATED := $(if $(GEN_SRC),$(BUILD)/gen/.generated)
EMBEDDED := $(if $(wildcard conf/embed),$(BUILD)/gen/.embedded)
LIBRARY  := $(if $(LIB_SRC),$(BUILD)/libdeals.a $(BUILD)/libdeals.so)
CLI      := $(if $(CLI_SRC),$(BUILD)/deals)
BUILTIN  := $(if $(wildcard conf/embed),$(BUILD)/builtin.a)
MODULE   := $(if $(and $(MODULE_SRC),$(wildcard config)),\
              $(BUILD)/ngx_http_deals_module.so)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all gen lib cli module unit packages test-packages fuzz-packages run start stop \
        test fault fuzz fuzzers soak asan palloc valgrind lint bench install \
        clean help FORCE

all: $(LIBRARY) $(CLI) $(MODULE)

gen: $(GENERATED) $(EMBEDDED)
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
                        | $(GENERATED)
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

$(BUILD)/obj/%.o: %.c $(BUILD)/.flags | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/.flags | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(BUILD)/obj/gen/builtin.d \
         $(UNIT_SRC:%.c=$(BUILD)/obj/%.d) $(FUZZ_SRC:%.c=$(BUILD)/obj/%.d)

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

.SECONDARY: $(UNIT_SRC:%.c=$(BUILD)/obj/%.o) $(FUZZ_SRC:%.c=$(BUILD)/obj/%.o)


# Another make, quiet and on all processors unless it was told how many.
QUIETLY = $(MAKE) --no-print-directory -s \
          $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))


# --- trying it out ----------------------------------------------------------

SERVE = conf/run/serve --listen '$(LISTEN)' --port '$(PORT)' \
        --dir '$(RUN_DIR)' --build '$(BUILD)'

# What is missing is installed before anything is built, so the rest is another
# make's. The last line replaces the shell: a signal for make reaches it.
run: packages
	@[ -e '$(BUILD)/deals' ] || echo 'Building ...'
	+@$(QUIETLY) all
	@exec $(SERVE) run

start: packages
	@[ -e '$(BUILD)/deals' ] || echo 'Building ...'
	+@$(QUIETLY) all
	@exec $(SERVE) start

stop:
	@exec $(SERVE) stop

packages:
	@conf/run/packages run

test-packages:
	@conf/run/packages run test $(if $(BROWSER),browser)

fuzz-packages:
	@conf/run/packages run test fuzz


# --- tests ------------------------------------------------------------------

# TESTS chooses: files (t/http/votes.t, t/unit/core_rank.c) and directories.
ALL_TESTS = $(UNIT) $(sort $(shell find t -name '*.t'))
CHOSEN    = $(foreach t,$(TESTS:%/=%),$(or \
              $(if $(filter t/unit,$(t)),$(UNIT)), \
              $(if $(filter t,$(t)),$(ALL_TESTS)), \
              $(patsubst t/unit/%.c,$(BUILD)/t/%,$(filter %.c,$(t))), \
              $(if $(wildcard $(t)/.),$(sort $(shell find $(t) -name '*.t'))), \
              $(t)))
FILES     = $(if $(TESTS),$(CHOSEN),$(ALL_TESTS))
# Is a browser needed?
BROWSER   = $(filter t/browser/%,$(FILES))
NODE      = $(if $(and $(BROWSER),$(wildcard t/browser/package.json)), \
              $(BUILD)/node_modules/.installed)
JOBS      = 1
PROVE     = BUILD='$(ABS)' NODE_PATH='$(ABS)/node_modules' LC_ALL=C.UTF-8 \
            prove --timer -j $(JOBS)
TAP       = --exec t/lib/tap

test: test-packages
	+@$(QUIETLY) all unit
	+@[ -z '$(FUZZED)' ] || ! $(CAN_FUZZ) || $(MAKE_FUZZERS)
	+@[ -z '$(NODE)' ] || $(QUIETLY) $(NODE) || echo 'Tests of pages will fail.'
	@$(PROVE) $(TAP) $(FILES)

$(BUILD)/node_modules/.installed: $(wildcard t/browser/package*.json)
	@mkdir -p $(BUILD)
	@cp t/browser/package*.json $(BUILD)/
	@cd $(BUILD) && npm install --no-audit --no-fund --ignore-scripts \
	    --loglevel=error >npm.log 2>&1 || { echo "npm could not install what" \
	    "t/browser/package.json names: $$(grep -m1 . npm.log)" >&2; exit 1; }
	@touch $@

# The tests of faults in their long form.
ROUNDS    = 20

fault: test-packages
	+@$(QUIETLY) all
	@BUILD='$(ABS)' ROUNDS='$(ROUNDS)' LC_ALL=C.UTF-8 t/fault/rounds

# Fuzzers: everything again by clang, with its sanitizers and with marks that
# tell libFuzzer what an input has reached; and one (http) that asks a running
# nginx. T: seconds for each of them; TARGET: only these.
T         = 20
TARGET    =
FUZZED    = $(filter t/fuzz/fuzz.t,$(FILES))
CAN_FUZZ  = { clang -print-file-name=libclang_rt.fuzzer-x86_64.a | grep -q / ; }
FUZZ_SAN  = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
            -fno-omit-frame-pointer -D__SANITIZE_ADDRESS__
MAKE_FUZZERS = $(QUIETLY) BUILD='$(BUILD)/fuzz' NGINX='$(ABS)/nginx' CC=clang \
            OPT='-g -O1' SAN='-fsanitize=fuzzer-no-link $(FUZZ_SAN)' fuzzers

# Each leaves a line here of what it did, for the table at the end.
FUZZ_ROWS = $(ABS)/fuzz/log
FUZZ_WITH = BUILD='$(ABS)' T='$(T)' LC_ALL=C.UTF-8 FUZZ_ROWS='$(FUZZ_ROWS)'

fuzz: fuzz-packages
	+@$(QUIETLY) all
	+@$(MAKE_FUZZERS)
	@mkdir -p '$(FUZZ_ROWS)'; rm -f '$(FUZZ_ROWS)'/*.row; bad=0; \
	if [ '$(TARGET)' != http ]; then $(FUZZ_WITH) \
	    TARGET='$(filter-out http,$(TARGET))' perl t/fuzz/fuzz.t || bad=1; \
	fi; \
	if [ -z '$(TARGET)' ] || [ -n '$(filter http,$(TARGET))' ]; then \
	    $(FUZZ_WITH) perl t/fuzz/http.t || bad=1; fi; \
	perl t/fuzz/table '$(FUZZ_ROWS)'; exit $$bad

# STATEMENT(name) for each of them, PLAIN(name) for one without parameters.
$(BUILD)/gen/fuzz_statements.h: $(GENERATED)
	perl -ne '/\*deals_q_(\w+)\(deals_arena \*arena(.)/ && \
	    print $$2 eq "," ? "STATEMENT($$1)\n" : "PLAIN($$1)\n"' \
	    $(BUILD)/gen/stmts.h > $@

$(BUILD)/obj/t/fuzz/rows.o: $(BUILD)/gen/fuzz_statements.h

# The module's own sources, without nginx: what is not called is not linked.
NGINX     = $(ABS)/nginx
NGINX_SRC = $(or $(NGINX_SOURCE),/usr/share/nginx/src)/src
$(addprefix $(BUILD)/obj/t/fuzz/,route.o header.o): CPPFLAGS += \
    -isystem $(NGINX) \
    $(foreach d,core event event/modules os/unix http http/modules http/v2, \
      -isystem $(NGINX_SRC)/$(d))
$(BUILD)/fuzz-route $(BUILD)/fuzz-header: FUZZ_LINK = -no-pie -Wl,--unresolved-symbols=ignore-all

# It knows the names itself.
$(BUILD)/fuzz-address: FUZZ_LINK = -Wl,--wrap=getaddrinfo

# It counts the results that libpq hands out and gets back.
$(BUILD)/fuzz-postgres: FUZZ_LINK = -Wl,--wrap=PQgetResult,--wrap=PQclear

fuzzers: $(FUZZ_SRC:t/fuzz/%.c=$(BUILD)/fuzz-%)

$(BUILD)/fuzz-%: $(BUILD)/obj/t/fuzz/%.o $(BUILD)/libdeals.a $(BUILTIN)
	$(CC) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(BUILD)/libdeals.a \
	    $(BUILTIN) $(FUZZ_LINK) $(LIBS)

# Mixed traffic for T seconds: memory and descriptors stay as they are.
soak: test-packages
	+@$(QUIETLY) all
	@BUILD='$(ABS)' SECONDS='$(if $(filter file,$(origin T)),600,$(T))' \
	    LC_ALL=C.UTF-8 perl t/soak/soak.t

# The unit, http and fault suites with AddressSanitizer and
# UndefinedBehaviorSanitizer in library and module.
ASAN      = $(BUILD)/asan
ASAN_UNIT = $(UNIT_SRC:t/unit/%.c=$(ASAN)/t/%)

asan:
	@conf/run/packages run test
	+@$(QUIETLY) SANITIZE=1 BUILD='$(ASAN)' all unit
	@DEALS_ASAN=1 $(subst '$(ABS)','$(abspath $(ASAN))',$(PROVE) $(TAP)) \
	    $(ASAN_UNIT) $(sort $(shell find t/http t/fault -name '*.t' 2>/dev/null)) \
	    t/fuzz/http.t

# The http and fault suites (or TESTS) with an nginx of their own, in which each
# piece of a pool is an allocation that AddressSanitizer watches. The module has
# to know that slabs are filled with junk.
PALLOC    = $(ASAN)/palloc

palloc:
	@conf/run/packages run test source
	@t/lib/palloc '$(PALLOC)'
	+@$(QUIETLY) SANITIZE=1 BUILD='$(ASAN)' all \
	    '$(PALLOC)/ngx_http_deals_module.so'
	@DEALS_ASAN=1 TEST_NGINX='$(abspath $(PALLOC))/sbin/nginx' \
	    $(subst '$(ABS)','$(abspath $(PALLOC))',$(PROVE) $(TAP)) \
	    $(if $(TESTS),$(CHOSEN),$(sort \
	        $(shell find t/http t/fault -name '*.t' 2>/dev/null)))

$(BUILD)/palloc/ngx_http_deals_module.so: $(BUILD)/ngx_http_deals_module.so
	@ln -sfn ../gen ../deals ../libdeals.a ../libdeals.so ../builtin.a $(@D)
	SANITIZE='$(strip $(SAN)) -DNGX_DEBUG_MALLOC=1' LIBS='$(LIBS)' \
	    conf/run/module '$(ABS)/palloc'

# Unit tests under valgrind; with HTTP=1 the nginx of the http suite. TESTS may
# name both.
VALGRIND  = valgrind -q --error-exitcode=99 --leak-check=full \
            --errors-for-leak-kinds=definite
HTTP      =
WATCHED   = $(if $(TESTS),$(CHOSEN),$(if $(HTTP), \
              $(sort $(shell find t/http -name '*.t')),$(UNIT)))
WATCHED_UNIT = $(filter-out %.t,$(WATCHED))
WATCHED_HTTP = $(filter %.t,$(WATCHED))

valgrind:
	@conf/run/packages run test
	+@$(QUIETLY) $(if $(WATCHED_HTTP),all) $(if $(WATCHED_UNIT),unit)
	@$(if $(WATCHED_UNIT),$(PROVE) --exec 't/lib/tap $(VALGRIND)' \
	    $(WATCHED_UNIT))
	@$(if $(WATCHED_HTTP),DEALS_VALGRIND=1 $(PROVE) $(TAP) $(WATCHED_HTTP))

lint:
	@conf/run/packages run test
	+@$(QUIETLY) all
	@$(PROVE) $(TAP) t/lint
	@BUILD='$(BUILD)' t/lint/analyse $(CPPFLAGS)

bench: test-packages
	+@$(QUIETLY) all
	@BUILD='$(ABS)' t/bench/run


# --- installing ---------------------------------------------------------------

BINDIR     = $(PREFIX)/bin
LIBDIR     = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
DATADIR    = $(PREFIX)/share/deals
# Where nginx looks for modules.
MODULESDIR = /usr/lib/nginx/modules
INSTALL    = install

install: all
	$(INSTALL) -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(LIBDIR)/pkgconfig' \
	    '$(DESTDIR)$(INCLUDEDIR)/deals' '$(DESTDIR)$(MODULESDIR)' \
	    '$(DESTDIR)$(DATADIR)/templates' '$(DESTDIR)$(DATADIR)/static'
	$(INSTALL) -m 644 $(PUBLIC) $(BUILD)/gen/deals/*.h \
	    '$(DESTDIR)$(INCLUDEDIR)/deals'
	$(INSTALL) -m 644 $(BUILD)/libdeals.a '$(DESTDIR)$(LIBDIR)'
	$(INSTALL) -m 755 $(BUILD)/libdeals.so \
	    '$(DESTDIR)$(LIBDIR)/libdeals.so.$(VERSION)'
	ln -sf libdeals.so.$(VERSION) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/libdeals.so'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	    -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    -e 's|@LIBS@|$(LIBS:-l:lib%.a=-l%)|' libdeals/deals.pc.in \
	    > '$(DESTDIR)$(LIBDIR)/pkgconfig/deals.pc'
	$(INSTALL) -m 755 $(BUILD)/deals '$(DESTDIR)$(BINDIR)'
	$(INSTALL) -m 644 $(BUILD)/ngx_http_deals_module.so \
	    '$(DESTDIR)$(MODULESDIR)'
	$(INSTALL) -m 644 conf/nginx.conf conf/deals.conf '$(DESTDIR)$(DATADIR)'
	$(INSTALL) -m 644 conf/templates/* '$(DESTDIR)$(DATADIR)/templates'
	$(INSTALL) -m 644 conf/static/* '$(DESTDIR)$(DATADIR)/static'

clean:
	rm -rf -- '$(BUILD)'

help:
	@echo 'make             build into $(BUILD)/: nginx module, library, deals'
	@echo 'make run         install what is missing, build, run a community with'
	@echo '                 its own PostgreSQL and Redis until Ctrl-C'
	@echo 'make start|stop  the same in the background'
	@echo 'make test        install what is missing, build, run every test;'
	@echo '                 TESTS="t/unit t/http/votes.t" chooses'
	@echo 'make fault       ROUNDS=20 of kills, reloads, failovers; prints a table'
	@echo 'make fuzz        each fuzzer for T=20 seconds; TARGET="json url" chooses'
	@echo 'make soak        mixed traffic for T=600 seconds, then memory and'
	@echo '                 descriptors are what they were'
	@echo 'make asan        unit, http and fault tests with sanitizers'
	@echo 'make palloc      http and fault tests (or TESTS) with an nginx whose'
	@echo '                 pools hide no overrun; fetches its source'
	@echo 'make valgrind    unit tests (or TESTS) under valgrind; HTTP=1: nginx of'
	@echo '                 the http tests, at a tenth of its speed'
	@echo 'make lint        the rules of the house, and static analysis'
	@echo 'make bench       speed, as ratios to references of the same run, in 3'
	@echo '                 minutes; BENCH=full in 20. t/bench/run says more'
	@echo 'make install     PREFIX=$(PREFIX) DESTDIR='
	@echo 'make clean       remove $(BUILD)/'
	@echo
	@echo 'Variables: BUILD=build LISTEN=127.0.0.1 PORT=8080 RUN_DIR=.run'
	@echo '           SANITIZE=1 TESTS= JOBS=1'
