"""How long until the kitchen is paid for."""

import math

MONTHLY = 240  # euros


def months(price: float) -> int:
    """Months to save, rounded up."""
    return math.ceil(price / MONTHLY)


class Goal:
    """Something to save for."""

    def __init__(self, name: str, price: float) -> None:
        self.name = name
        self.price = price

    # The answer people ask for.
    def done_in(self) -> str:
        return f"{self.name}: {months(self.price)} months"
