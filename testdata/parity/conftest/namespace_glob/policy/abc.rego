package a.b.c

deny contains "from a.b.c" if true
