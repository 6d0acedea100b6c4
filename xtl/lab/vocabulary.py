"""The world's words in English: nouns by class, adjectives by scale, verbs by frame, and the rest in lists."""

# class < kind: six nouns each, the first three for training and the last three for testing.
NOUNS = {
    "animal": {
        "bird": "hen duck crow owl swallow crane",
        "canine": "fox hound jackal wolf dingo coyote",
        "rodent": "mouse beaver squirrel rat hamster gerbil",
        "reptile": "snake lizard turtle viper gecko iguana",
    },
    "person": {
        "artisan": "cook baker weaver tailor potter mason",
        "official": "judge clerk mayor guard junior spy",
        "performer": "singer actor mime dancer juggler clown",
        "healer": "nurse surgeon elder doctor dentist patient",
    },
    "food": {
        "fruit": "orange apple plum pear fig peach",
        "pastry": "tart cake bun sweet pie waffle",
        "vegetable": "onion carrot leek squash turnip cabbage",
    },
    "item": {
        "tool": "hammer spade axe saw light rake",
        "vehicle": "cart wagon sled ship boat coach",
        "vessel": "bottle basket jar barrel bucket kettle",
    },
}
PLACES = (
    "mill barn river church tower castle stable harbour garden cave well square bridge market forest inn hill "
    "meadow wall gate orchard chapel green farm"
)
# Each with the adposition it takes; weekdays are proper nouns.
TIMES = (
    "on:Monday on:Wednesday on:Friday on:Sunday at:dawn at:noon in:spring in:fall "
    "on:Tuesday on:Thursday on:Saturday at:dusk at:midnight at:sunset in:summer in:winter"
)
MANNERS = (
    "quickly gladly gently bravely secretly neatly calmly kindly slowly sadly roughly eagerly openly clumsily "
    "loudly proudly"
)

# Scales: two poles of two synonyms; words of different poles exclude each other. Colours are four poles of one word.
ADJECTIVES = {
    "size": ("big large | small little", "animal person food item"),
    "colour": ("green | orange | grey | brown", "animal food item"),
    "age": ("old elder | young junior", "animal person"),
    "strength": ("strong stable | weak frail", "animal person item"),
    "temper": ("calm patient | wild fierce", "animal person"),
    "courage": ("bold brave | timid shy", "animal person"),
    "wealth": ("rich wealthy | poor needy", "person"),
    "warmth": ("hot warm | cold cool", "food item"),
    "taste": ("sweet sugary | tart sour", "food"),
    "price": ("cheap modest | costly dear", "food item"),
    "weight": ("heavy hefty | light slight", "item"),
    "care": ("clean tidy | dirty filthy", "animal food item"),
}

# Verbs as base/past/participle. A scale has two poles of two synonyms; a verb on a line of its own has no synonym or
# opposite. Frames: kinds of the agent > kinds of the object.
VERBS = {
    "animal person >": (
        "arrive/arrived/arrived come/came/come | leave/left/left depart/departed/departed",
        "sleep/slept/slept doze/dozed/dozed | wake/woke/woken stir/stirred/stirred",
        "rise/rose/risen spring/sprang/sprung | fall/fell/fallen duck/ducked/ducked",
        "crow/crowed/crowed", "clown/clowned/clowned",
    ),
    "person >": ("laugh/laughed/laughed giggle/giggled/giggled | cry/cried/cried weep/wept/wept",),
    "animal person > animal person": (
        "love/loved/loved adore/adored/adored | hate/hated/hated loathe/loathed/loathed",
        "help/helped/helped aid/aided/aided | harm/harmed/harmed hurt/hurt/hurt",
        "chase/chased/chased hound/hounded/hounded | flee/fled/fled avoid/avoided/avoided",
        "trust/trusted/trusted favour/favoured/favoured | doubt/doubted/doubted suspect/suspected/suspected",
        "see/saw/seen", "follow/followed/followed", "guard/guarded/guarded", "watch/watched/watched",
        "find/found/found",
    ),
    "person > person": (
        "praise/praised/praised commend/commended/commended | blame/blamed/blamed accuse/accused/accused",
        "hire/hired/hired employ/employed/employed | dismiss/dismissed/dismissed sack/sacked/sacked",
        "judge/judged/judged", "doctor/doctored/doctored", "coach/coached/coached",
    ),
    "person > animal person": ("nurse/nursed/nursed", "feed/fed/fed"),
    "animal person > food": (
        "eat/ate/eaten swallow/swallowed/swallowed | refuse/refused/refused reject/rejected/rejected",
        "smell/smelt/smelt",
    ),
    "person > food": ("cook/cooked/cooked", "squash/squashed/squashed"),
    "person > item": (
        "lift/lifted/lifted raise/raised/raised | drop/dropped/dropped lower/lowered/lowered",
        "push/pushed/pushed shove/shoved/shoved | pull/pulled/pulled drag/dragged/dragged",
        "mend/mended/mended repair/repaired/repaired | break/broke/broken smash/smashed/smashed",
        "hammer/hammered/hammered", "paint/painted/painted",
    ),
    "person > food item": (
        "buy/bought/bought purchase/purchased/purchased | sell/sold/sold peddle/peddled/peddled",
        "cart/carted/carted", "ship/shipped/shipped", "bottle/bottled/bottled",
    ),
}  # fmt: skip

# Names. The stems serve as family names, as places and inside organisations, so that a name's type needs its context.
GIVEN = (
    "Mira Tobin Selma Arlo Petra Jonas Elsie Bruno Lotte Oskar Greta Emil Ines Felix Clara Hugo Nora Anton Ruth "
    "Viktor Alma Edgar Paula Milo"
)
STEMS = (
    "Arden Corby Halden Orwick Selby Tarn Melrose Kirby Denholm Ashford Lorne Wexley Bowden Garrow Strand Elmore "
    "Farley Holt Marlow Norwick Penrith Rowan Thornby Varley"
)
ORG_HEADS = "Bank Guild School Museum Club Union"
LOC_HEADS = "Lake Port Fort Mount"

FUNCTION = {
    "DET": "the a every some no this that",
    "ADP": "near behind beside in at on by",
    "AUX": "was is did will",
    "PART": "not",
    "CCONJ": "and but",
    "PRON": "that who what",
    "ADV": "then later where when how",
    "PUNCT": ". ?",
}
