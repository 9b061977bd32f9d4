"""The formula book: a static site of every formula, its claims with their verdicts and the evidence, and code.

Read in this order: html (the one place that escapes), mathematics, chapters (what is derived for a page), then
formula_page, index_page and site.
"""
