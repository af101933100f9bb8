"""Which cell should be shipped?"""
