"""`zoobench crosscheck`: is our timing of one file that of other programs?"""
