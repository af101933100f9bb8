"""How noisy is a machine, and what do its gates make of it?"""
