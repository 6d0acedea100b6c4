"""The world's words in English: nouns by class, adjectives by scale, verbs by frame, and the rest in lists."""

# class < kind: four nouns each, the first two for training and the last two for testing.
NOUNS = {
    "animal": {
        "bird": "hen duck swallow owl",
        "canine": "fox hound wolf jackal",
        "rodent": "mouse beaver rat squirrel",
        "reptile": "snake lizard turtle viper",
    },
    "person": {
        "artisan": "cook weaver baker potter",
        "official": "judge mayor guard spy",
        "performer": "singer clown dancer actor",
        "healer": "nurse elder patient surgeon",
    },
    "food": {
        "fruit": "orange apple plum pear",
        "pastry": "tart cake sweet pie",
    },
    "item": {
        "tool": "hammer spade saw light",
        "vehicle": "cart wagon ship coach",
        "vessel": "bottle jar barrel kettle",
    },
}
PLACES = "mill barn stable tower cave bridge market green forest inn"
# Each with the adposition it takes; weekdays are proper nouns.
TIMES = "on:Monday on:Friday at:dawn in:spring in:fall on:Tuesday on:Sunday at:dusk in:summer in:winter"
MANNERS = "quickly gladly bravely neatly slowly sadly openly loudly"

# Scales: two poles of two synonyms; words of different poles exclude each other. Colours are four poles of one word.
ADJECTIVES = {
    "size": ("big large | small little", "animal person food item"),
    "colour": ("green | orange | grey | brown", "animal food item"),
    "age": ("old elder | young junior", "animal person"),
    "strength": ("strong stable | weak frail", "animal person item"),
    "temper": ("calm patient | wild fierce", "animal person"),
    "courage": ("bold brave | timid shy", "animal person"),
    "taste": ("sweet sugary | tart sour", "food"),
    "weight": ("heavy hefty | light slight", "item"),
    "care": ("clean tidy | dirty filthy", "animal person food item"),
}

# Verbs as base/past/participle. A scale has two poles of two synonyms; a verb on a line of its own has no synonym or
# opposite. Frames: kinds of the agent > kinds of the object.
VERBS = {
    "animal person >": (
        "arrive/arrived/arrived come/came/come | leave/left/left depart/departed/departed",
        "sleep/slept/slept doze/dozed/dozed | wake/woke/woken stir/stirred/stirred",
        "rise/rose/risen spring/sprang/sprung | fall/fell/fallen duck/ducked/ducked",
        "clown/clowned/clowned",
    ),
    "animal person > animal person": (
        "love/loved/loved adore/adored/adored | hate/hated/hated loathe/loathed/loathed",
        "help/helped/helped aid/aided/aided | harm/harmed/harmed hurt/hurt/hurt",
        "chase/chased/chased hound/hounded/hounded | flee/fled/fled avoid/avoided/avoided",
        "see/saw/seen", "follow/followed/followed", "guard/guarded/guarded",
    ),
    "person > person": (
        "praise/praised/praised commend/commended/commended | blame/blamed/blamed accuse/accused/accused",
        "hire/hired/hired employ/employed/employed | dismiss/dismissed/dismissed sack/sacked/sacked",
        "judge/judged/judged", "coach/coached/coached",
    ),
    "person > animal person": ("nurse/nursed/nursed",),
    "animal person > food": (
        "eat/ate/eaten swallow/swallowed/swallowed | refuse/refused/refused reject/rejected/rejected",
    ),
    "person > food": ("cook/cooked/cooked",),
    "person > item": (
        "lift/lifted/lifted raise/raised/raised | drop/dropped/dropped lower/lowered/lowered",
        "push/pushed/pushed shove/shoved/shoved | pull/pulled/pulled drag/dragged/dragged",
        "hammer/hammered/hammered",
    ),
    "person > food item": (
        "buy/bought/bought purchase/purchased/purchased | sell/sold/sold peddle/peddled/peddled",
        "cart/carted/carted", "ship/shipped/shipped", "bottle/bottled/bottled",
    ),
}  # fmt: skip

# Names. The stems serve as family names, as places and inside organisations, so that a name's type needs its context.
GIVEN = "Mira Tobin Selma Arlo Petra Jonas Elsie Bruno Lotte Oskar Greta Emil"
STEMS = "Arden Corby Halden Orwick Selby Tarn Melrose Kirby Denholm Ashford Lorne Wexley"
ORG_HEADS = "Bank Guild School Museum"
LOC_HEADS = "Lake Port Fort"

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
