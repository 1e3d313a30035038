"""The rules of cases: states, clocks (statutory working days), routing."""
