"""How often is the gate wrong on this machine?"""
