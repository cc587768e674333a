/*
 * What the members of the demo community are called, and what they say.
 */

#include "calls/demo_data.h"

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

const size_t  deals_demo_nmembers =
    sizeof(deals_demo_members) / sizeof(deals_demo_members[0]);

const char *const  deals_demo_texts[DEMO_KINDS][DEMO_TEXTS] = {
    [DEMO_TECH] = {
        "Lowest I have seen in **eight months** of watching it. The older "
        "model costs more elsewhere.\n\n- two years of warranty\n- free "
        "returns for 30 days\n- ships tomorrow",
        "Works as it should. I have had one for a year and would buy it "
        "again.\n\nThe usual price is somewhere between the two shown here, "
        "so don't let the list price impress you too much.",
        "Add it to the basket, the price drops there. Enter <SAVE20> if it "
        "does not.",
        "Good reviews, replaceable battery, and the firmware can be updated "
        "without an account. What more do you want?",
        "Only in the web shop, not in the stores. Delivery is free from "
        "50.\n\n> Limited to two per customer, they say.",
    },
    [DEMO_HOME] = {
        "We have used ours every day since spring. Solid, easy to clean, "
        "spare parts are sold too.",
        "The colour in the pictures is a little warmer than in real life. "
        "Otherwise exactly as described.\n\nPick it up at the shop and you "
        "save the delivery.",
        "Price is for the **whole set**. It was almost twice that at Easter.",
        "A no-nonsense thing that will outlive us all. Ten years of warranty "
        "if you register within four weeks.",
        "Last season's model, which differs by one button. See the "
        "table:\n\n| | old | new |\n| --- | --- | --- |\n| power | same | "
        "same |\n| price | this | +40 % |",
    },
    [DEMO_FOOD] = {
        "Until Saturday or while it lasts. Yesterday there was plenty left "
        "at six.",
        "Price per kilo is what counts, and it is very good. Keeps for a "
        "year in a cool place.",
        "New customers and old ones alike, once per household. The "
        "subscription can be ended in two clicks, I tried.",
        "They bake and roast themselves. Go early, the queue is part of it.",
        "Short date on some boxes; mine was good for three more months.",
    },
    [DEMO_TRAVEL] = {
        "Found for several dates in spring, midweek mostly. Seats are "
        "limited, so look today.\n\n1. choose the date first\n2. then the "
        "class\n3. skip the insurance",
        "Taxes included, only hand luggage. I flew this route last year, it "
        "was on time.",
        "Free cancellation until two days before. Breakfast is worth getting "
        "up for.",
        "Book through the link, the phone costs extra. Children under six "
        "travel free.",
        "Might be a mistake of theirs. Don't call them; book, wait for the "
        "ticket, then plan the rest.",
    },
    [DEMO_GAMES] = {
        "Runs well on an old machine and on Linux. About forty hours if you "
        "look into every corner.",
        "All expansions are in it. The base game alone costs more most of "
        "the time.",
        "Plays best with three or four. Rules are explained in ten minutes.",
        "Claim it once, keep it for ever. You need an account there.",
        "Lowest ever by two cents according to the history, and nothing "
        "suggests it will be lower at the next sale.",
    },
    [DEMO_BOOKS] = {
        "No DRM, PDF and EPUB. Part of the money goes to the authors' fund.",
        "Ends by itself, no need to cancel. Confirmed with them by mail.",
        "Beautifully printed, thread-bound. A present that looks twice its "
        "price.",
        "I learned more from this than from two semesters. Chapter 7 alone "
        "is worth it.",
        "For everybody, not only for new members. The code is applied by "
        "itself.",
    },
    [DEMO_WEAR] = {
        "True to size for me; take one up if you are between sizes. Returns "
        "are free.",
        "Made to be repaired: they sell every part and sew it for you.",
        "The discount comes off **in the basket**, also on what is reduced "
        "already.",
        "I have walked some 600 km in the last pair. They look it, and they "
        "hold.",
        "All sizes were there an hour ago, the grey one is going fast.",
    },
    [DEMO_OUT] = {
        "Used it for a week in the rain. It stayed dry inside, and so did I.",
        "Light enough to carry, strong enough to forget about. Weight "
        "measured at home: 40 g less than they say.",
        "Pick up only, it does not fit in a parcel. They help to load.",
        "Test winner in the spring issue. The successor has the same frame "
        "and costs half as much again.",
        "Season is over for them, not for us. Stock is small, I counted nine.",
    },
    [DEMO_TOOLS] = {
        "Takes the batteries that you have already. Without case it is even "
        "less.",
        "Measured it against the expensive one at work: no difference that "
        "matters to me.",
        "Comes with a class on Saturday if you want one. Coffee is free too.",
        "Good for at home, not for the building site. For that price I don't "
        "mind.",
        "In the shop it says the old price, at the till it is this. Ask if "
        "it isn't.",
    },
};

const char *const  deals_demo_comments[DEMO_KINDS][DEMO_COMMENTS] = {
    [DEMO_TECH] = {
        "Ordered one, thanks. The last one lasted me six years.",
        "Is the power supply in the box or extra?",
        "Mine came today. Quick, quiet, no coil whine.",
        "Careful, the cheaper variant has the slower panel. This link is the "
        "right one.",
        "Was 10 less last Black Friday. Still fine for November.",
        "Does it work without their app? That decides it for me.",
        "Great find. Stacked it with the newsletter code for another 5.",
        "The battery can be changed with one screwdriver, which is why I "
        "like this maker.",
    },
    [DEMO_HOME] = {
        "We have had this for three years and it still looks new.",
        "Induction works too, in case somebody wonders.",
        "Delivery to the third floor was included for me.",
        "The handle gets hot, get the sleeve with it.",
        "Compared it in the shop with one at twice the price. Took this.",
        "Does anybody know how loud it is at night?",
        "Got it, assembled it in twenty minutes, sat down.",
        "Spare filters cost 12, which is reasonable.",
    },
    [DEMO_FOOD] = {
        "Still there at five this afternoon, a big stack.",
        "The dark roast is the better one, in my opinion.",
        "Worked for me as an existing customer.",
        "Sold out in the north of the town.",
        "That is a fair price even without the offer.",
        "Mine arrived well cooled. Recommended.",
        "Went there, was worth the queue.",
        "Vegetarian ones too?",
    },
    [DEMO_TRAVEL] = {
        "Booked for March. My partner says thank you as well.",
        "Only shows up on Tuesdays and Wednesdays for me.",
        "Took this last year: clean, on time, plain breakfast.",
        "The price is per person, I assume?",
        "Got the confirmation and the ticket. It is honoured!",
        "There are two seats left on the 14th.",
        "You can bring the bike for 5 more.",
        "Look at the return times before you book, one is at 5:40.",
    },
    [DEMO_GAMES] = {
        "Finished it twice. At that price there is nothing to think about.",
        "Claimed, thanks. Shelf of unplayed games: 211.",
        "Runs at 60 on my nine-year-old laptop.",
        "Good with two as well, if you use the variant in the back of the "
        "rules.",
        "The soundtrack is in the bundle, too.",
        "Waited a year for this one to drop. Finally.",
        "Is the second expansion included? I can't see it.",
        "Sticks don't drift after a year, that is all I ask.",
    },
    [DEMO_BOOKS] = {
        "Downloaded and on the reader. Well set, too, which is rare.",
        "Chapter 3 is free on their site if you want to look first.",
        "My daughter has been reading since breakfast.",
        "They do this every autumn, still good.",
        "Confirmed: it ended by itself last year.",
        "Paper is thick enough for the fountain pen.",
        "Thanks, that's one birthday solved.",
        "The second edition is much better than the first, check which one "
        "you get.",
    },
    [DEMO_WEAR] = {
        "Fits as expected, 1.85 m, size L.",
        "Washed ten times, no pilling.",
        "They repair for free in the first two years. That is why I pay.",
        "The wide fit really is wide. At last.",
        "Went to the shop, same price there.",
        "The sleeves are short on me, sent it back, refund in two days.",
        "Bought three. Winter may come.",
        "Which colour is it really, green or grey?",
    },
    [DEMO_OUT] = {
        "Took it out at the weekend in the wind. No complaints.",
        "Poles are aluminium, not fibreglass, good.",
        "Weighs what they say, I checked.",
        "Got the last one in blue, sorry.",
        "Fits a 60 cm wheel as well.",
        "Can two adults sleep in it without being married?",
        "Same one as the test winner, with another sticker.",
        "The neighbour has one: loud in the first week, then fine.",
    },
    [DEMO_TOOLS] = {
        "Batteries fit my old one from the same brand. Good.",
        "Used it all weekend, still charged.",
        "The case alone is 30 elsewhere.",
        "Accurate to a millimetre over five metres, I measured.",
        "Is it brushless?",
        "Bed adhesion out of the box was perfect, I was surprised.",
        "Price is back for me after it was gone this morning.",
        "For that little money I'll try it. I report back.",
    },
};

const char *const  deals_demo_replies[DEMO_REPLIES] = {
    "Yes, it does.",
    "No, sadly not. I asked them.",
    "Thanks for looking that up!",
    "Good to know, I would have missed that.",
    "It's in the box, mine had one.",
    "Same here.",
    "I'd wait for the spring, it will be lower.",
    "Don't wait, the last time it was gone by noon.",
    "That's what I thought, until I tried it.",
    "Depends: with the big size yes, with the small one no.",
    "You're right, I've corrected it in the text.",
    "Report back when you have it, please.",
    "Mine has run for two years without a hitch.",
    "Which code did you use?",
    "It took the newsletter one. Case doesn't matter.",
    "Per person, yes.",
    "Just checked: still available.",
    "Gone for me. Well, saved money.",
    "I think you mean the other model, the one without the S.",
    "Wow, thanks, I've been looking for one since summer.",
    "Could you measure the depth for me?",
    "38 cm with the cable.",
    "Agreed, and the service is friendly, too.",
    "That made my day.",
};
