#compdef engine
# Completion of engine in zsh.
_engine() {
    local offer word
    local -a whole whole_shown open open_shown
    for offer in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        word=${offer%%$'\t'*}
        [[ $offer == *$'\t'* ]] && offer="$word  -- ${offer#*$'\t'}"
        case $word in
            '') ;;
            *[/:=.]) open+=("$word") open_shown+=("$offer") ;;
            *) whole+=("$word") whole_shown+=("$offer") ;;
        esac
    done
    (( $#whole + $#open )) || { _files; return }
    (( $#whole )) && compadd -l -d whole_shown -a whole
    (( $#open )) && compadd -l -S '' -d open_shown -a open
    return 0
}
compdef _engine engine
