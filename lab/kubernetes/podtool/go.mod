module lab/podtool

go 1.25
