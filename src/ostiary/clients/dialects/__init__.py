"""The four ways to write a client down. Keys are in the declaration; a module here holds manners only."""
