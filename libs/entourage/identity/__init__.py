"""Find out which records and accounts are one person, and build that person's golden record."""
