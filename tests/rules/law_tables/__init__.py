"""Worked examples of the law, one file for each family; tests/rules/test_law_examples.py tries them."""
