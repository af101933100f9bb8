"""What changed between runs, and where do machines agree?"""
