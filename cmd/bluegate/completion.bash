# Completion of bluegate's command lines in bash. It needs no other package:
#
#   bluegate completion bash > ~/.local/share/bash-completion/completions/bluegate
#
# or, in ~/.bashrc: source <(bluegate completion bash)

_bluegate() {
  local line=${COMP_LINE:0:COMP_POINT} word about prefix
  local -a words
  COMPREPLY=()
  # Not COMP_WORDS: it is split at "=" and ":", too.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  # Of --flag=value only the value is printed, and bash replaces what follows the "=".
  local last=${words[${#words[@]}-1]}
  [[ $last == -*=* && $COMP_WORDBREAKS != *=* ]] && prefix=${last%%=*}=
  while IFS=$'\t' read -r word about; do
    case $word in
      :0) compopt -o default 2>/dev/null ;;
      :16) compopt -o dirnames +o default 2>/dev/null ;;
      :*) compopt +o default 2>/dev/null ;;
      *) COMPREPLY+=("$prefix$word") ;;
    esac
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}

complete -o default -F _bluegate bluegate
