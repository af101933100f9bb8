"""Backbone x variant x runtime: which cells are there?"""
