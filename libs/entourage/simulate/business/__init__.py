"""Let people buy, be courted, complain and answer: the business side of the made-up world.

in: persons ▶ out: orders and all that leads to them and follows from them, with what would have been otherwise.
"""
