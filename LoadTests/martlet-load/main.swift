print("martlet-load")
