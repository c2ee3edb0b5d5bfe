"""Sixty-four everyday things: what a picture is compared with to see how well a question really fits it."""

COHORT = (
    *("a dog", "a cat", "a bird", "a horse", "a fish", "an insect", "flowers", "a tree", "a forest", "mountains"),
    *("a beach", "the sea", "a lake", "a river", "snow", "the sky and clouds", "a sunset", "a garden", "a field"),
    *("a city street", "a skyscraper", "a house", "a bridge", "a church", "a shop", "a restaurant", "a kitchen"),
    *("a bedroom", "an office", "a bathroom", "furniture", "a car", "a bicycle", "a train", "an aeroplane", "a boat"),
    *("a person", "a child", "a baby", "a group of people", "a wedding", "a concert", "a football match", "a dance"),
    *("a meal on a plate", "fruit", "a cake", "a cup of coffee", "a bottle of wine", "clothes", "shoes", "jewellery"),
    *("a book", "a letter", "a table of numbers", "a diagram", "a map", "a screenshot", "a logo", "a drawing"),
    *("a painting", "a computer", "a telephone", "a tool"),
)
