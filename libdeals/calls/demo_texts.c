/*
 * What the members of the demo community are called, and what they write of the
 * deals that they post.
 */

#include "calls/demo_data.h"

#define SIZE(a)  (sizeof(a) / sizeof((a)[0]))

const char *const  deals_demo_members[] = {
    "marlow", "juniper_k", "tobi_as", "hazelnut", "quietfox", "oskar-b",
    "petra77", "nightowl", "mirabel", "sandstone", "ferdi_w", "lucia_m",
    "bramble", "kettlecorn", "ingrid_s", "dpadilla", "rookie_rob", "zephyr_",
    "tamsin", "oldharbour", "wren_h", "jonas-k", "coppertop", "elif_d",
    "maplehill", "thriftyjo", "nordlicht", "samuel_t", "violet-r", "pascal_g",
    "hedgehog41", "amara_o", "brightside", "finnegan_", "miso_soup", "kasia_w",
    "leopold_", "tinker_tam", "rosalind_p", "gustav-a", "olive_branch",
    "dune_walker", "cleo_v", "halfpenny", "bertrand_m", "skylark_9", "noor_h",
    "waffle_iron", "edda_l", "pixelpeter",
};

const size_t  deals_demo_nmembers = SIZE(deals_demo_members);

const deals_demo_line  deals_demo_texts[] = {

    /* anything that costs something */
    { "",
      "Lowest price I have seen in **eight months** of watching it.\n\n- "
      "free returns for 30 days\n- ships tomorrow\n- one per customer",
      NULL },
    { NULL,
      "Add it to the basket, the price drops there. Enter <SAVE20> if it "
      "does not.",
      NULL },
    { "",
      "The list price is a fairy tale as always, the usual one is "
      "somewhere in between. Still good.",
      NULL },
    { NULL,
      "Saw it this morning, thought of you all. Stock seems to be "
      "**limited**, the counter went from 40 to 31 while I was writing.",
      NULL },
    { "",
      "The third time this year that it is this low. If you missed it in "
      "spring, now.",
      NULL },
    { NULL,
      "Delivery included from 50, otherwise 4.90. Pay with whatever you "
      "like.\n\n> Offer while stocks last.",
      NULL },
    { NULL,
      "Compared with three other shops:\n\n| shop | price |\n| --- | ---: "
      "|\n| this one | **this** |\n| next best | +18 % |\n| the rest | "
      "more |",
      NULL },
    { "",
      "New customers and old ones alike. I ordered mine before I wrote "
      "this.",
      NULL },

    /* kinds of things */
    { "tv monitor computers ssd laptop gpu keyboard webcam nas storage dock",
      "Two years of warranty, and the firmware can be updated without an "
      "account. What more do you want?", NULL },
    { "audio headphones earbuds speaker headset vinyl",
      "Sounds twice its price. Tested against what I have at home, for a whole "
      "evening, *in the name of science*.", NULL },
    { "usb-c charger powerbank solar smart-home wifi network",
      "No app needed, no cloud. It does one thing and does it well.", NULL },
    { "refurbished",
      "Grade A, mine had not a scratch. The battery is at 94 %.",
      NULL },
    { "software subscription security",
      "Ends by itself, no need to cancel. Confirmed with them by mail.", NULL },
    { "kitchen cookware coffee tea baking knives",
      "We have used ours every day since spring. Solid, easy to clean, spare "
      "parts are sold too.", NULL },
    { "bedroom living furniture office desk chair",
      "The colour in the pictures is a little warmer than in real life. "
      "Otherwise exactly as described.\n\nPick it up and you save the "
      "delivery.", NULL },
    { "vacuum air health lighting safety",
      "A no-nonsense thing. Ten years of warranty if you register within four "
      "weeks.", NULL },
    { "groceries vegetables chocolate beer wine cheese fish",
      "Price per kilo is what counts, and it is very good. Keeps for a while "
      "in a cool place.", NULL },
    { "restaurant bakery ice-cream lunch pizza",
      "Go early, the queue is part of it. Cash only, as in the old days.",
      NULL },
    { "pets",
      "Tested by two experts with four legs each. Empty bowls.",
      NULL },
    { "fitness",
      "Short date on some boxes; mine was good for three more months.",
      NULL },
    { "flight error-fare esim lounge",
      "Found for several dates in spring, midweek mostly. Taxes included.\n\n"
      "1. choose the date first\n2. then the seat, or none\n3. skip the "
      "insurance", NULL },
    { "train ferry",
      "Valid for everybody, no card needed. Seats at this price are "
      "limited, so look today.",
      NULL },
    { "hotel hostel alps ski",
      "Stayed there last year: clean, quiet, friendly.", NULL },
    { "pc-games bundle rpg retro",
      "Runs well on an old machine and on Linux. About forty hours if you look "
      "into every corner.", NULL },
    { "board-games puzzle cards chess",
      "Rules are explained in ten minutes, and then nobody wants to go home.",
      NULL },
    { "books ebooks comics audiobooks magazine",
      "I learned more from this than from two semesters. A present that looks "
      "twice its price, too.", NULL },
    { "course",
      "Start when you like, and at your own pace. I did the first lesson "
      "for nothing, it is well made.",
      NULL },
    { "stationery",
      "Paper is thick enough for ink, nothing shines through.",
      NULL },
    { "clothing jacket shirt jeans merino winter socks",
      "True to size for me; take one up if you are between sizes. Returns are "
      "free.", NULL },
    { "shoes boots running",
      "I have walked some 600 km in the last pair. They look it, and they "
      "hold.", NULL },
    { "camping outdoor tent hiking climbing water sup bag",
      "Used it for a week in the rain. It stayed dry, and so did I.", NULL },
    { "bike",
      "Everything on it is standard, so every shop in town can repair it.",
      NULL },
    { "garden bbq trees birds nature",
      "Season is over for them, not for us. They help to load.", NULL },
    { "tools drill saw laser woodworking ladder",
      "Measured it against the expensive one at work: no difference that "
      "matters to me.", NULL },
    { "electronics 3d-printing",
      "Open documentation, spare parts, a helpful forum. That is how it should "
      "be.", NULL },
    { "car tyres",
      "Price includes fitting if you book online. Took them twenty minutes.",
      NULL },
    { "freebie free",
      "Really free: no card, no subscription, no newsletter.",
      NULL },
    { "freebie",
      "They do this out of joy, it seems. Say thank you and leave some for "
      "others.",
      NULL },
};

const size_t  deals_demo_ntexts = SIZE(deals_demo_texts);
