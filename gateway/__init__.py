"""credit-gateway: the one door to a city's public credit records."""
