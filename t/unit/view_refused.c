/*
 * Templates that are refused: for each rule, the template and the exact
 * message.
 */

#include "view_template_check.h"

typedef struct {
    const char  *text;
    const char  *message;
} refusal;


static void
assert_refused(const refusal *cases, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        const char  *files[] = { "t.html", cases[i].text, NULL };
        compiled     c = compile_all(files, &site_shape, NULL, NULL);

        assert_message(&c, cases[i].text, cases[i].message);
    }
}

#define REFUSED(cases)                                                        \
    assert_refused(cases, sizeof(cases) / sizeof((cases)[0]))


static const refusal  raw_values[] = {
    { "{{{title}}}",
      "t.html:1: {{{title}}} would not be escaped: write {{title}}" },
    { "{{&title}}",
      "t.html:1: {{&title}} would not be escaped: write {{title}}" },
    { "{{& title }}",
      "t.html:1: {{&title}} would not be escaped: write {{title}}" },
};


static void
raw_values_are_refused(void **state)
{
    (void) state;
    REFUSED(raw_values);
}


static const refusal  delimiters[] = {
    { "{{=<% %>=}}",
      "t.html:1: the delimiters cannot be changed: write {{ and }}" },
};


static void
delimiters_are_refused(void **state)
{
    (void) state;
    REFUSED(delimiters);
}


static const refusal  names[] = {
    { "{{titel}}",
      "t.html:1: unknown name \"titel\" in site: did you mean title?" },
    { "{{shop.nmae}}",
      "t.html:1: unknown name \"nmae\" in shop: did you mean name?" },
    { "{{qqqqqq}}",
      "t.html:1: unknown name \"qqqqqq\" in site, which has prefix, origin, t"
      "itle, path, empty, absent, secret, url, evil, html, count, zero, none,"
      " ratio, when, on, off, unknown, shop, noshop, tags, notags, threads" },
    { "{{noshop.zzzzzzzz}}",
      "t.html:1: unknown name \"zzzzzzzz\" in noshop, which has name, slug" },
    { "{{title.x}}",
      "t.html:1: \"title\" has no fields: write {{title}}" },
    { "{{threads.id}}",
      "t.html:1: \"threads\" is a list: write {{#threads}}{{id}}{{/threads}}" },
    { "{{#threads}}{{bodi}}{{/threads}}",
      "t.html:1: unknown name \"bodi\" in thread: did you mean body?" },
    { "{{.}}",
      "t.html:1: {{.}} is not one value but a whole site: name a field of it" },
    { "{{#shop}}{{.}}{{/shop}}",
      "t.html:1: {{.}} is not one value but a whole shop: name a field of it" },
    { "{{a b}}",
      "t.html:1: \"a b\" is not a name: write {{name}}, of letters, digits an"
      "d _, or names with dots between them" },
    { "{{}}",
      "t.html:1: {{}} names nothing: write {{name}}" },
    { "{{#}}x{{/}}",
      "t.html:1: \"\" is not a name: write {{#name}}, of letters, digits and "
      "_, or names with dots between them" },
    { "{{a..b}}",
      "t.html:1: \"a..b\" is not a name: write {{name}}, of letters, digits a"
      "nd _, or names with dots between them" },
    { "{{a.}}",
      "t.html:1: \"a.\" is not a name: write {{name}}, of letters, digits and"
      " _, or names with dots between them" },
    { "{{secret}}",
      "t.html:1: {{secret}} is secret and is never shown" },
    { "{{shop}}",
      "t.html:1: {{shop}} has fields: name one, or write {{#shop}}...{{/shop}"
      "}" },
    { "{{threads}}",
      "t.html:1: {{threads}} is a list: write {{#threads}}...{{/threads}}" },
    { "{{#nosuch}}{{/nosuch}}",
      "t.html:1: unknown name \"nosuch\" in site: did you mean noshop?" },
    { "{{Title}}",
      "t.html:1: unknown name \"Title\" in site: did you mean title?" },
};


static void
unknown_names_are_refused(void **state)
{
    (void) state;
    REFUSED(names);
}


static const refusal  open_sections[] = {
    { "a\n{{#on}}\nb",
      "t.html:2: {{#on}} is never closed: write {{/on}}" },
    { "{{^on}}",
      "t.html:1: {{^on}} is never closed: write {{/on}}" },
    { "{{/on}}",
      "t.html:1: {{/on}} closes nothing: there is no {{#on}} before it" },
    { "{{#on}}{{#off}}{{/on}}{{/off}}",
      "t.html:1: {{/on}} stands where {{/off}} of line 1 is expected" },
    { "{{#on}}{{/off}}",
      "t.html:1: {{/off}} stands where {{/on}} of line 1 is expected" },
};


static void
open_sections_are_refused(void **state)
{
    (void) state;
    REFUSED(open_sections);
}


static const refusal  stray_braces[] = {
    { "a {{ b",
      "t.html:1: {{ is not closed: write {{name}}, or &#123;&#123; to show tw"
      "o braces" },
    { "x }} y",
      "t.html:1: }} closes nothing: write {{name}}, or &#125;&#125; to show t"
      "wo braces" },
    { "<p title=\"}}\">.</p>",
      "t.html:1: }} closes nothing: write {{name}}, or &#125;&#125; to show t"
      "wo braces" },
};


static void
stray_braces_are_refused(void **state)
{
    (void) state;
    REFUSED(stray_braces);
}


static const refusal  unquoted_values[] = {
    { "<p title={{title}}>.</p>",
      "t.html:1: {{title}} in an unquoted value: write title=\"{{title}}\"" },
    { "<p title=a{{title}}>.</p>",
      "t.html:1: {{title}} in an unquoted value: write title=\"{{title}}\"" },
    { "<p title=a{{#on}}b{{/on}}>.</p>",
      "t.html:1: {{#on}} in an unquoted value: write title=\"{{#on}}...{{/on}"
      "}\"" },
    { "<p title={{#on}}\"a\"{{/on}}>.</p>",
      "t.html:1: {{#on}} in an unquoted value: write title=\"{{#on}}...{{/on}"
      "}\"" },
};


static void
unquoted_values_are_refused(void **state)
{
    (void) state;
    REFUSED(unquoted_values);
}


static const refusal  active_and_unknown_places[] = {
    { "<script>var x = {{title}};</script>",
      "t.html:1: {{title}} inside of <script>: write data-value=\"{{title}}\""
      " on an element and read it from a script file" },
    { "<script>{{#on}}a(){{/on}}</script>",
      "t.html:1: {{#on}} inside of <script>: put the section around the eleme"
      "nt" },
    { "<script type=\"text/javascript\">{{title}}</script>",
      "t.html:1: {{title}} inside of <script>: write data-value=\"{{title}}\""
      " on an element and read it from a script file" },
    { "<style>{{title}}</style>",
      "t.html:1: {{title}} inside of <style>: write a class, in a section if "
      "it varies" },
    { "<iframe>{{title}}</iframe>",
      "t.html:1: {{title}} inside of <iframe>" },
    { "<p onclick=\"f('{{title}}')\">.</p>",
      "t.html:1: {{title}} in onclick=\"\", which is script: write data-value"
      "=\"{{title}}\" and read it from a script file" },
    { "<p style=\"color:{{title}}\">.</p>",
      "t.html:1: {{title}} in style=\"\": write a class, in a section if it v"
      "aries" },
    { "<p style=\"{{#on}}color:red{{/on}}\">.</p>",
      "t.html:1: {{#on}} in style=\"\": put the section around it, {{#on}}sty"
      "le=\"...\"{{/on}}" },
    { "<iframe srcdoc=\"{{title}}\"></iframe>",
      "t.html:1: {{title}} in srcdoc=\"\", which is a page of its own: write "
      "src=\"\" with an address" },
    { "<img srcset=\"{{url}} 2x\">",
      "t.html:1: {{url}} in srcset=\"\", which is a list of addresses: write "
      "src=\"{{url}}\"" },
    { "<a target=\"{{title}}\">.</a>",
      "t.html:1: {{title}} in target=\"\", which takes no values: write it ou"
      "t, in a section if it varies, or use data-target=\"\"" },
    { "<a href=\"/x\" rel=\"{{title}}\">.</a>",
      "t.html:1: {{title}} in rel=\"\", which takes no values: write it out, "
      "in a section if it varies, or use data-rel=\"\"" },
    { "<svg><use xlink:href=\"{{url}}\"/></svg>",
      "t.html:1: {{url}} in xlink:href=\"\", which takes no values: write it "
      "out, in a section if it varies, or use data-value=\"\"" },
    { "<form method=\"{{title}}\"></form>",
      "t.html:1: {{title}} in method=\"\", which takes no values: write it ou"
      "t, in a section if it varies, or use data-method=\"\"" },
    { "<p {{title}}>.</p>",
      "t.html:1: {{title}} as an attribute: write data-value=\"{{title}}\", o"
      "r {{#title}}attribute{{/title}}" },
    { "<p {{title}}=\"x\">.</p>",
      "t.html:1: {{title}} as an attribute: write data-value=\"{{title}}\", o"
      "r {{#title}}attribute{{/title}}" },
    { "<p data-{{title}}=\"x\">.</p>",
      "t.html:1: {{title}} as an attribute: write data-value=\"{{title}}\", o"
      "r {{#title}}attribute{{/title}}" },
    { "<p class=\"x\"{{title}}>.</p>",
      "t.html:1: {{title}} as an attribute: write data-value=\"{{title}}\", o"
      "r {{#title}}attribute{{/title}}" },
    { "<{{title}}>.</p>",
      "t.html:1: a placeholder as a tag name: write the tag's name, in a sect"
      "ion if it varies; or &lt; to show \"<\"" },
    { "<h{{count}}>.</h1>",
      "t.html:1: {{count}} as a tag name: write the tag's name, in a section "
      "if it varies" },
    { "<!doctype {{title}}>",
      "t.html:1: {{title}} in <!doctype>: write <!doctype html>" },
    { "<b></{{title}}>",
      "t.html:1: a placeholder as a tag name: write the tag's name, in a sect"
      "ion if it varies; or &lt; to show \"<\"" },
    { "<b></b{{title}}>",
      "t.html:1: {{title}} as a tag name: write the tag's name, in a section "
      "if it varies" },
    { "<!-- {{title}} -->",
      "t.html:1: {{title}} in an HTML comment: write {{! ... }} for a "
      "comment" },
    { "<!-- {{#on}}x{{/on}} -->",
      "t.html:1: {{#on}} in an HTML comment: write {{! ... }} for a comment" },
    { "<circle r=\"{{title}}\"></circle>",
      "t.html:1: {{title}} in r=\"\", which takes only numbers: write data-r="
      "\"{{title}}\"" },
    { "<p title=\"{{html}}\">.</p>",
      "t.html:1: {{html}} is HTML: it may stand in text only, not in title=\""
      "\"" },
    { "<p>{{html}}</p>",
      "t.html:1: {{html}} is HTML with paragraphs, which <p> cannot hold: wri"
      "te <div>{{html}}</div>" },
    { "<title>{{html}}</title>",
      "t.html:1: {{html}} is HTML: it may not stand in <title>" },
    { "<textarea>{{html}}</textarea>",
      "t.html:1: {{html}} is HTML: it may not stand in <textarea>" },
    { "<svg><text>{{html}}</text></svg>",
      "t.html:1: {{html}} is HTML: it may not stand in <svg>" },
    { "<a href=\"/{{html}}\">.</a>",
      "t.html:1: {{html}} is HTML: it may stand in text only, not in href=\""
      "\"" },
};


static void
places_that_could_run_are_refused(void **state)
{
    (void) state;
    REFUSED(active_and_unknown_places);
}


static const refusal  json[] = {
    { "<script type=\"application/ld+json\">{\"a\":\"{{title}}\"}</script>",
      "t.html:1: {{title}} inside of a JSON string: write \"name\": {{title}}"
      ", the value brings its quotes" },
    { "<script type=\"application/ld+json\">{\"a\" {{title}}}</script>",
      "t.html:1: {{title}} is not at the place of a JSON value: write \"name"
      "\": {{title}}" },
    { "<script type=\"application/ld+json\">{\"a\":{{title}} \"b\"}</script>",
      "t.html:1: \"\"\" after a value in JSON: a placeholder is a whole value"
      ", with its quotes" },
    { "<script type=\"application/ld+json\">{\"a\":{{#on}}1{{/on}}}</script>",
      "t.html:1: {{#on}} in JSON: write values, an absent one is null" },
    { "<script type=\"application/ld+json\">{\"a\":\"<b>\"}</script>",
      "t.html:1: \"<\" in JSON in a script: write \\u003c" },
    { "<script {{#on}}type=\"application/ld+json\"{{/on}}>{\"a\":{{title}}}</"
      "script>",
      "t.html:1: {{title}} inside of <script>: write data-value=\"{{title}}\""
      " on an element and read it from a script file" },
    { "<script type=\"text/javascript\" type=\"application/ld+json\">{{title}"
      "}</script>",
      "t.html:1: {{title}} inside of <script>: write data-value=\"{{title}}\""
      " on an element and read it from a script file" },
};


static void
json_takes_whole_values_only(void **state)
{
    (void) state;
    REFUSED(json);
}


static const refusal  addresses[] = {
    { "<a href=\"x{{title}}\">.</a>",
      "t.html:1: {{title}} after \"x\" in href=\"\": write the value alone, o"
      "r after a literal with \"/\", \"?\" or \"#\"" },
    { "<a href=\"javascript:{{title}}\">.</a>",
      "t.html:1: {{title}} after \"javascript:\" in href=\"\": write the valu"
      "e alone, or after a literal with \"/\", \"?\" or \"#\"" },
    { "<a href=\"javascript:/{{title}}\">.</a>",
      "t.html:1: {{title}} after \"javascript:/\" in href=\"\": an address wi"
      "th a value starts with a path, http:, https: or mailto:" },
    { "<a href=\"java&#115;cript:/{{title}}\">.</a>",
      "t.html:1: {{title}} after \"java&#115;cript:/\" in href=\"\": an addre"
      "ss with a value starts with a path, http:, https: or mailto:" },
    { "<a href=\"data:text/html;/{{title}}\">.</a>",
      "t.html:1: {{title}} after \"data:text/html;/\" in href=\"\": an addres"
      "s with a value starts with a path, http:, https: or mailto:" },
    { "<a href=\"javascript:x()\">.</a>",
      "t.html:1: href=\"javascript:...\" is script: put it into a script "
      "file" },
    { "<a href=\"mailto:{{title}}\">.</a>",
      "t.html:1: {{title}} after \"mailto:\" in href=\"\": write the value al"
      "one, or after a literal with \"/\", \"?\" or \"#\"" },
    { "<a href=\"otpauth://{{title}}/\">.</a>",
      "t.html:1: {{title}} in the host of an address: write the whole address"
      " as one value" },
    { "<a href=\"otpauth:{{title}}/\">.</a>",
      "t.html:1: {{title}} after \"otpauth:\" in href=\"\": write the value al"
      "one, or after a literal with \"/\", \"?\" or \"#\"" },
    { "<a href=\"https://{{title}}/\">.</a>",
      "t.html:1: {{title}} in the host of an address: write the whole address"
      " as one value" },
    { "<a href=\"//{{title}}/\">.</a>",
      "t.html:1: {{title}} in the host of an address: write the whole address"
      " as one value" },
    { "<a href=\"/\\{{title}}/\">.</a>",
      "t.html:1: {{title}} in the host of an address: write the whole address"
      " as one value" },
    { "<a href=\"https:{{title}}\">.</a>",
      "t.html:1: {{title}} after \"https:\" in href=\"\": write the value alo"
      "ne, or after a literal with \"/\", \"?\" or \"#\"" },
    { "<a href=\"{{url}}/x\">.</a>",
      "t.html:1: \"/\" after a value that is the whole address: write nothing"
      " after it, or a path before it" },
    { "<a href=\"{{url}}{{title}}\">.</a>",
      "t.html:1: {{title}} after a value that is the whole address: write one"
      " of them, or a path before both" },
    { "<a href=\"{{count}}\">.</a>",
      "t.html:1: {{count}} is no address: write href=\"{{prefix}}/.../{{count"
      "}}\"" },
    { "<a href=\"{{prefix}}\">.</a>",
      "t.html:1: nothing after {{prefix}}: write {{prefix}}/" },
    { "<a href=\"{{prefix}}x\">.</a>",
      "t.html:1: \"x\" after {{prefix}}: write {{prefix}}/..." },
    { "<a href=\"{{prefix}}{{path}}\">.</a>",
      "t.html:1: {{path}} directly after {{prefix}}: write {{prefix}}/{{path}"
      "}" },
    { "<a href=\"{{origin}}x\">.</a>",
      "t.html:1: \"x\" after {{origin}}: write {{origin}}/..." },
    { "<a href=\"{{origin}}\">.</a>",
      "t.html:1: nothing after {{origin}}: write {{origin}}/" },
    { "<a href=\"{{#on}}/x{{/on}}\">.</a>",
      "t.html:1: {{#on}} at the beginning of an address: write {{#on}}href=\""
      "...\"{{/on}}" },
    { "<a href=\"{{prefix}}{{#on}}/x{{/on}}\">.</a>",
      "t.html:1: {{#on}} at the beginning of an address: write {{#on}}href=\""
      "...\"{{/on}}" },
    { "<script src=\"{{url}}\"></script>",
      "t.html:1: {{url}} says what <script> loads: write src=\"{{prefix}}/sta"
      "tic/...\"" },
    { "<iframe src=\"{{url}}\"></iframe>",
      "t.html:1: {{url}} says what <iframe> loads: write src=\"{{prefix}}/sta"
      "tic/...\"" },
    { "<base href=\"{{url}}\">",
      "t.html:1: {{url}} says what <base> loads: write href=\"{{prefix}}/stat"
      "ic/...\"" },
    { "<link rel=\"stylesheet\" href=\"{{url}}\">",
      "t.html:1: {{url}} says what <link> loads: write href=\"{{prefix}}/stat"
      "ic/...\", or rel=\"canonical\" (alternate, author, license, next, prev"
      ") before it" },
    { "<link href=\"{{url}}\" rel=\"canonical\">",
      "t.html:1: {{url}} says what <link> loads: write href=\"{{prefix}}/stat"
      "ic/...\", or rel=\"canonical\" (alternate, author, license, next, prev"
      ") before it" },
    { "<link {{#on}}rel=\"canonical\"{{/on}} href=\"{{url}}\">",
      "t.html:1: {{url}} says what <link> loads: write href=\"{{prefix}}/stat"
      "ic/...\", or rel=\"canonical\" (alternate, author, license, next, prev"
      ") before it" },
    { "<link rel=\"stylesheet\" rel=\"canonical\" href=\"{{url}}\">",
      "t.html:1: {{url}} says what <link> loads: write href=\"{{prefix}}/stat"
      "ic/...\", or rel=\"canonical\" (alternate, author, license, next, prev"
      ") before it" },
    { "<meta http-equiv=\"refresh\" content=\"0;url={{url}}\">",
      "t.html:1: a value in content=\"\" of a tag with http-equiv=\"\" would "
      "be an instruction: send a header" },
    { "<meta content=\"0;url={{url}}\" http-equiv=\"refresh\">",
      "t.html:1: a value in content=\"\" of a tag with http-equiv=\"\" would "
      "be an instruction: send a header" },
};


static void
addresses_that_could_run_are_refused(void **state)
{
    (void) state;
    REFUSED(addresses);
}


static const refusal  unbalanced_html[] = {
    { "<div>",
      "t.html:1: <div> is never closed in this file: write </div>" },
    { "<div>\n<p></div>",
      "t.html:2: </div> stands where </p> of line 2 is expected" },
    { "</p>",
      "t.html:1: </p> closes nothing: there is no <p> before it in this file" },
    { "<div/>",
      "t.html:1: <div/> does not close <div>: write <div></div>" },
    { "</br>",
      "t.html:1: </br>: <br> has no end tag" },
    { "<p {{#on}}class=\"x\">{{/on}}</p>",
      "t.html:1: {{/on}} does not stand in the <p> where its section begins: "
      "a section in a tag has whole attributes" },
    { "{{#on}}<b>{{/on}}</b>",
      "t.html:1: <b> of line 1 is not closed before {{/on}}: put both tags in"
      "side of the section or both outside" },
    { "<b>{{#on}}</b>{{/on}}",
      "t.html:1: </b> closes <b> of line 1, which stands outside of this sect"
      "ion: put both tags inside or both outside" },
    { "<b>{{#on}}</b><b>{{/on}}</b>",
      "t.html:1: </b> closes <b> of line 1, which stands outside of this sect"
      "ion: put both tags inside or both outside" },
    { "{{#on}}<b{{/on}}></b>",
      "t.html:1: {{/on}} stands inside of a tag or comment, and its section b"
      "egins in text: write whole tags" },
    { "<b title=\"{{#on}}x\"{{/on}}></b>",
      "t.html:1: {{/on}} does not stand in the title=\"\" where its section b"
      "egins" },
    { "<b title=\"{{#on}}x\" title=\"y{{/on}}\"></b>",
      "t.html:1: {{/on}} does not stand in the title=\"\" where its section b"
      "egins" },
    { "<b title='{{#on}}x' title=\"y{{/on}}\"></b>",
      "t.html:1: {{/on}} does not stand in the title=\"\" where its section b"
      "egins" },
    { "<b {{#on}}title=\"x{{/on}}\"></b>",
      "t.html:1: {{/on}} does not stand in the <b> where its section begins: "
      "a section in a tag has whole attributes" },
    { "<br {{#on}}><br {{/on}}>",
      "t.html:1: {{/on}} does not stand in the <br> where its section begins:"
      " a section in a tag has whole attributes" },
    { "<b {{#tags}}title=\"x\"{{/tags}}></b>",
      "t.html:1: {{#tags}} is a list and cannot make attributes: write one at"
      "tribute with the list in its value" },
    { "<b {{#on}}title{{/on}}=\"x\"></b>",
      "t.html:1: a space is missing before \"=\" in <b>" },
    { "<b {{#on}}hidden{{/on}}{{#off}}lang{{/off}}></b>",
      "t.html:1: a space is missing before \"l\" in <b>" },
    { "<b title=\"a\"{{#on}}lang=\"x\"{{/on}}></b>",
      "t.html:1: a space is missing before \"l\" in <b>" },
    { "<b{{#on}}lang=\"x\"{{/on}}></b>",
      "t.html:1: a space is missing before \"l\" in <b>" },
    { "<b title=\"x",
      "t.html:1: the file ends inside of <b>: write \">\"" },
    { "<b title",
      "t.html:1: the file ends inside of <b>: write \">\"" },
    { "<!-- x",
      "t.html:1: a comment is not closed: write -->" },
    { "a < b",
      "t.html:1: \"<\" is not followed by a tag: write &lt; to show it" },
    { "a <",
      "t.html:1: a placeholder as a tag name: write the tag's name, in a sect"
      "ion if it varies; or &lt; to show \"<\"" },
    { "<p title=\"a\"id=\"b\"></p>",
      "t.html:1: a space is missing before \"i\" in <p>" },
    { "<p =></p>",
      "t.html:1: \"=\" cannot start an attribute in <p>" },
    { "<p title=></p>",
      "t.html:1: title= has no value: write title=\"\"" },
    { "<p a\"b></p>",
      "t.html:1: \"\"\" cannot stand in an attribute's name" },
    { "<title><b></title>",
      "t.html:1: \"<\" in <title>: write &lt; to show it" },
    { "<textarea>x",
      "t.html:1: <textarea> is never closed in this file: write </textarea>" },
    { "<xmp></xmp>",
      "t.html:1: <xmp> is obsolete and cannot be checked" },
    { "<svg><style></style></svg>",
      "t.html:1: <style> inside of <svg> or <math> cannot be checked: put it "
      "outside" },
    { "<script><!-- x</script>",
      "t.html:1: \"<\" in <script> cannot be checked: put the script or style"
      " into a file" },
    { "<a / href=\"x\"></a>",
      "t.html:1: \"/\" in <a> is not followed by \">\"" },
    { "<p \303\251>.</p>",
      "t.html:1: \"\\xc3\" cannot start an attribute in <p>" },
    { "<script/>x",
      "t.html:1: <script/> does not close: write <script></script>" },
    { "<svg><script/></svg>",
      "t.html:1: <script> inside of <svg> or <math> cannot be checked: put it"
      " outside" },
    { "</b{{#on}}x{{/on}}>",
      "t.html:1: {{#on}} in the middle of a tag: put the section around the t"
      "ag" },
    { "</{{#on}}x{{/on}}>",
      "t.html:1: a placeholder as a tag name: write the tag's name, in a sect"
      "ion if it varies; or &lt; to show \"<\"" },
    { "<!-- a --!> -->",
      "t.html:1: --!> ends a comment: write -->" },
};


static void
unbalanced_html_is_refused(void **state)
{
    (void) state;
    REFUSED(unbalanced_html);
}


static const refusal  partials[] = {
    { "{{>nosuch}}",
      "t.html:1: {{>nosuch}} needs the file nosuch.html, which is missing; th"
      "ere are t.html" },
    { "<p title=\"{{>t}}\">.</p>",
      "t.html:1: {{>t}} may stand in text only, not inside of a tag, <title>,"
      " <textarea>, <script>, <style> or a comment" },
    { "<p {{>t}}>.</p>",
      "t.html:1: {{>t}} may stand in text only, not inside of a tag, <title>,"
      " <textarea>, <script>, <style> or a comment" },
    { "<title>{{>t}}</title>",
      "t.html:1: {{>t}} may stand in text only, not inside of a tag, <title>,"
      " <textarea>, <script>, <style> or a comment" },
    { "<script>{{>t}}</script>",
      "t.html:1: {{>t}} may stand in text only, not inside of a tag, <title>,"
      " <textarea>, <script>, <style> or a comment" },
    { "<!-- {{>t}} -->",
      "t.html:1: {{>t}} may stand in text only, not inside of a tag, <title>,"
      " <textarea>, <script>, <style> or a comment" },
    { "{{>content}}",
      "t.html:1: {{>content}} stands for the page: only layout.html has it" },
    { "{{>a.b}}",
      "t.html:1: \"a.b\" is not a name: write {{>name}}, of letters, digits a"
      "nd _ and -" },
    { "{{>}}",
      "t.html:1: \"\" is not a name: write {{>name}}, of letters, digits and "
      "_ and -" },
};


static void
partials_elsewhere_are_refused(void **state)
{
    (void) state;
    REFUSED(partials);
}


static const struct CMUnitTest  tests[] = {
    TEST(raw_values_are_refused),
    TEST(delimiters_are_refused),
    TEST(unknown_names_are_refused),
    TEST(open_sections_are_refused),
    TEST(stray_braces_are_refused),
    TEST(unquoted_values_are_refused),
    TEST(places_that_could_run_are_refused),
    TEST(json_takes_whole_values_only),
    TEST(addresses_that_could_run_are_refused),
    TEST(unbalanced_html_is_refused),
    TEST(partials_elsewhere_are_refused),
};

RUN("refused templates", tests)
