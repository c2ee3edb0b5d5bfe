"""The query bank: what a picture is compared with to see how well a question really fits it. Everyday captions, and
texts that describe no picture."""

CAPTIONS = (
    *("a dog", "a cat", "a bird", "a horse", "a fish", "an insect", "flowers", "a tree", "a forest", "mountains"),
    *("a beach", "the sea", "a lake", "a river", "snow", "the sky and clouds", "a sunset", "a garden", "a field"),
    *("a city street", "a skyscraper", "a house", "a bridge", "a church", "a shop", "a restaurant", "a kitchen"),
    *("a bedroom", "an office", "a bathroom", "furniture", "a car", "a bicycle", "a train", "an aeroplane", "a boat"),
    *("a person", "a child", "a baby", "a group of people", "a wedding", "a concert", "a football match", "a dance"),
    *("a meal on a plate", "fruit", "a cake", "a cup of coffee", "a bottle of wine", "clothes", "shoes", "jewellery"),
    *("a book", "a letter", "a table of numbers", "a diagram", "a map", "a screenshot", "a logo", "a drawing"),
    *("a painting", "a computer", "a telephone", "a tool"),
)

DISTRACTORS = (
    *("How much did it cost?", "When is the meeting?", "Who wrote the report?", "the contract ends in March"),
    *("the answer to your letter", "In which year was it founded?", "What did she say about it?", "an order number"),
    *("the agreement of both sides", "Why was it decided?", "a list of things to do", "the name of the company"),
    *("How many people work there?", "What is the password?", "the rules that apply", "Where was he born?"),
    *("what the doctor advised", "the results of the study", "When does the lease end?", "How is it calculated?"),
    *("the telephone number", "the terms of payment", "the history of the country", "Which law forbids it?"),
    *("the plan for next year", "How long does it take?", "the meaning of the word", "What happened after that?"),
    *("the minutes of the meeting", "Who is responsible for it?", "the price of the ticket", "Has it been confirmed?"),
)
