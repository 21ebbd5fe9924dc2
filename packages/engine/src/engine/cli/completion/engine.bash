# Completion of engine in bash.
_engine() {
    local line=${COMP_LINE:0:COMP_POINT} breaks=${COMP_WORDBREAKS//[^:=]/} done='' words offer
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    # Bash takes what stands before a colon or an equals sign for words of their own.
    local current=${words[-1]}
    [[ -n $breaks && $current == *[$breaks]* ]] && done=${current%"${current##*[$breaks]}"}
    COMPREPLY=()
    while IFS= read -r offer; do
        offer=${offer%%$'\t'*}
        COMPREPLY+=("${offer#"$done"}")
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[/:=.] ]] && compopt -o nospace
}
complete -o bashdefault -o default -F _engine engine
