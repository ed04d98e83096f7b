/// The shell's side of a look at a request that takes long.
enum LookScript {
    /// `kids PID` prints the numbers of a process's children.
    static let children: Script = #"""
        kids() {
        if test -e "/proc/$1/task/$1/children"; then cat "/proc/$1/task/"*/children
        else
        for s in /proc/[0-9]*/stat; do
        l=; read -r l <"$s" || continue
        p=${s%/stat}; p=${p##*/}
        set -- "$1" ${l##*) }
        test "$3" = "$1" && printf '%s ' "$p"
        done
        fi
        }
        """#

    /// `$1` the request's directory, `$2` its number, `$3` the process of the shell that runs it or nothing for a
    /// command, `$4` and `$5` how much of its streams is known already, `$6` how many bytes of each to show.
    ///
    /// Prints, each with a NUL behind it: what there is to say about its processes (see `ProcessReport`), the sizes
    /// of its streams so far, how many bytes of its output follow; then those bytes, then those of its errors.
    ///
    /// Of all processes below the request those without children are what it comes down to. Everything is read from
    /// /proc, with few programs started; a host without it shows the output alone.
    static let script: Script =
        children + #"""
            d=$1 n=$2 root=$3 oo=$4 eo=$5 most=$6
            size() { if test -e "$1"; then wc -c <"$1"; else echo 0; fi; }
            tell() {
            q=/proc/$1
            l=; read -r l <"$q/stat" || return
            set -- "$1" ${l##*) }
            echo "P $1 $2"
            w=; read -r w <"$q/wchan"; echo "W $w"
            y=; read -r y <"$q/syscall"; echo "Y $y"
            printf 'C '; head -c 300 "$q/cmdline" | tr '\0\n' '  '; echo
            a=${y#* }; a=${a%% *}
            case $a in
            0x[0-9a-f]|0x[0-9a-f][0-9a-f]|0x[0-9a-f][0-9a-f][0-9a-f])
            f=$(readlink "$q/fd/$((a))") && echo "F $f";;
            esac
            case $w in *lock*)
            i=$(while read -r i a b c e f g; do
            test "$a $f" = "-> $1" && echo "$i" && break
            done </proc/locks)
            test -z "$i" || while read -r j a b c e f; do
            test "$j" = "$i" && test "$a" != '->' && {
            h=; read -r h <"/proc/$e/comm"; echo "H $e $h"; break; }
            done </proc/locks;;
            esac
            k=$(ls -l "$q/fd" | sed -n 's/.*socket:\[\([0-9]*\)\]$/\1/p' | head -n 16)
            case $w in *lock*|*tty*) k=;; esac
            test -z "$k" || cat "$q/net/tcp" "$q/net/tcp6" | while read -r x b c e f g h i j z o; do
            case "
            $k
            " in *"
            $z
            "*) case $e in 01|02) echo "N $e $c";; esac;;
            esac
            done | head -n 4
            }
            look() {
            uname -m
            if test -n "$root"; then p=$root; else p=$(cat "$d/p$n") || return 0; fi
            ticks=0 seen=0 leaves= next=$p
            while test -n "$next" && test $seen -lt 200; do
            now=$next next=
            for p in $now; do
            seen=$((seen+1))
            l=; read -r l <"/proc/$p/stat" || continue
            set -- ${l##*) }
            test "$p" = "$root" || ticks=$((ticks+${12}+${13}))
            k=$(kids "$p")
            if test -n "$k"; then next="$next $k"
            else test "$p" = "$root" || leaves="$leaves $p"
            fi
            done
            done
            echo "T $ticks"
            c=0
            for p in $leaves; do
            c=$((c+1)); test $c -gt 8 && break
            tell "$p"
            done
            }
            look 2>/dev/null
            so=0 se=0
            test -n "$root" || { so=$(size "$d/o$n"); se=$(size "$d/e$n"); } 2>/dev/null
            po=$((so-oo)); test $po -lt 0 && po=0; test $po -gt $most && { po=$most; oo=$((so-most)); }
            pe=$((se-eo)); test $pe -lt 0 && pe=0; test $pe -gt $most && { pe=$most; eo=$((se-most)); }
            printf '\0%d\0%d\0%d\0' $so $se $po
            test $po -eq 0 || tail -c +$((oo+1)) "$d/o$n" | head -c $po
            test $pe -eq 0 || tail -c +$((eo+1)) "$d/e$n" | head -c $pe
            exit 0
            """#
}
