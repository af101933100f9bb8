"""May a candidate replace its baseline?"""
