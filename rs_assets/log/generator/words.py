"""The words of a generated shop: categories, item names, brands, search terms, browsers.

Belongs here: text without logic; some of it is not ASCII, as text is. Does not belong here: how it is used.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """A category of items.

    Args:
        name: as customers read it.
        path: as it stands in a page's address.
        price: the typical one.
        nouns: what its items are.
        terms: what people type who look for them; four of them.
    """

    name: str
    path: str
    price: float
    nouns: tuple[str, ...]
    terms: tuple[str, str, str, str]

    def name_of(self, number: int) -> str:
        """The name of the category's item number `number`."""
        return f"{STYLES[number // len(self.nouns) % len(STYLES)]} {self.nouns[number % len(self.nouns)]}"


STYLES = (
    "Alder", "Birch", "Crème", "Dune", "Ember", "Fjord", "Grove", "Harbour", "Indigo", "Juniper", "Köln",
    "Lumen", "Mistral", "Nordlys", "Ochre", "Pico", "Quartz", "Rivière", "Slate", "Tundra", "Umbra", "Vega",
    "Wren", "Zephyr",
)  # fmt: skip
BRANDS = (
    "Aalto & Co", "Bergmann", "Cordillera", "Dovetail", "Espoir", "Fielding", "Granit", "Hallam", "Isola",
    "Jørgensen", "Kestrel", "Lindqvist", "Moreau", "Northway", "O'Hara", "Pellegrini", "Quinto", "Råvara",
    "Saltmarsh", "Tamarack", "Ursa", "Veldt", "Windrose", "Yarrow",
)  # fmt: skip
VARIANTS = ("black", "navy", "sand", "moss", "rust", "white", "anthracite")
COUPONS = ("WELCOME10", "FREESHIP", "WINTER15")
METHODS = ("email", "google", "apple")
PAYMENTS = ("card", "paypal", "invoice", "transfer")
TIERS = ("Standard", "Express", "Pick-up")
REFERRERS = ("https://search.example/", "https://news.example/deals", "https://social.example/feed")

CATEGORIES = (
    Category("Jackets", "jackets", 129, ("Rain Jacket", "Down Parka", "Softshell", "Anorak", "Gilet"),
             ("rain jacket", "parka", "waterproof jacket", "gilet")),
    Category("Knitwear", "knitwear", 69, ("Jumper", "Cardigan", "Roll-neck", "Slipover"),
             ("wool jumper", "cardigan", "merino", "roll neck")),
    Category("Shirts", "shirts", 49, ("Oxford Shirt", "Linen Shirt", "Flannel Shirt", "Tee"),
             ("linen shirt", "white shirt", "tee", "flannel")),
    Category("Trousers", "trousers", 75, ("Chinos", "Jeans", "Cords", "Joggers"),
             ("jeans", "chinos", "slim jeans", "corduroy")),
    Category("Shoes", "shoes", 110, ("Trainers", "Derby Shoes", "Chelsea Boots", "Hiking Boots", "Sandals"),
             ("hiking boots", "trainers", "chelsea boots", "sandals")),
    Category("Bags", "bags", 85, ("Backpack", "Tote", "Weekender", "Sling Bag"),
             ("backpack", "laptop bag", "tote", "weekend bag")),
    Category("Accessories", "accessories", 29, ("Beanie", "Scarf", "Belt", "Gloves", "Umbrella"),
             ("scarf", "belt", "gloves", "beanie")),
    Category("Kitchen", "kitchen", 38, ("Café Press", "Skillet", "Chef's Knife", "Mug", "Kettle"),
             ("café press", "skillet", "mug", "knife")),
    Category("Bed & Bath", "bed-bath", 55, ("Duvet Cover", "Towel", "Throw", "Bathrobe"),
             ("duvet cover", "towel", "throw", "bathrobe")),
    Category("Lighting", "lighting", 92, ("Desk Lamp", "Pendant", "Floor Lamp", "Lantern"),
             ("desk lamp", "pendant", "lamp", "lantern")),
    Category("Stationery", "stationery", 14, ("Notebook", "Fountain Pen", "Planner", 'A4 Pad 11"'),
             ("notebook", "fountain pen", "planner", "pad 11\"")),
    Category("Outdoor", "outdoor", 64, ("Tent", "Sleeping Bag", "Stove", "Headlamp", "Flask"),
             ("tent", "sleeping bag", "stove", "flask")),
)  # fmt: skip

_GECKO = "(KHTML, like Gecko)"
USER_AGENTS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {_GECKO} Chrome/120.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 {_GECKO} Version/17.2 "
    "Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 {_GECKO} Chrome/120.0.6099.144 Mobile "
    "Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 {_GECKO} Version/17.2 "
    "Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
)
