"""What stands in a TFLite file?"""
