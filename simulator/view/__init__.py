"""The live page: the board in a browser on this machine. desk.py is where the run and the page meet."""
