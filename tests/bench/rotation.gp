# SPDX-License-Identifier: GPL-2.0-only
# gnuplot -e "ours='...'; theirs='...'; out='...'" rotation.gp
set terminal pngcairo size 900,540 font "sans,12"
set output out
set logscale xy
set xrange [900:18000]
set yrange [0.05:100000]
set xtics (1000, 2000, 4000, 8000, 16000)
set ytics ("0.1 ms" 0.1, "1 ms" 1, "10 ms" 10, "100 ms" 100, "1 s" 1000, "10 s" 10000, "100 s" 100000)
set grid xtics ytics lc rgb "#dddddd"
set border 3 lc rgb "#888888"
set tics nomirror
set xlabel "addresses"
set title "Time to renew all addresses at once"
set key left top
plot theirs using 1:2 with linespoints lw 2 pt 7 lc rgb "#c0392b" title "bound to an interface (ip -batch, adding only)", \
     ours using 1:2 with linespoints lw 2 pt 7 lc rgb "#2471a3" title "mayfly (new addresses in, old ones out)"
