/** Completion scripts for shells. Each asks the program itself, so that none goes stale. */
import { filesMark, type Shell } from "./completion.ts";

const bash = `# Completion of photon for bash. Load it with:  source <(photon completion bash)
_photon() {
  local line word
  COMPREPLY=()
  while IFS= read -r line; do
    word="\${line%%$'\\t'*}"
    if [ "$word" = "${filesMark}" ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
    elif [ -n "$word" ]; then
      COMPREPLY+=("$(printf '%q' "$word")")
    fi
  done < <(photon __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _photon photon
`;

const zsh = `#compdef photon
# Completion of photon for zsh. Load it with:  source <(photon completion zsh)
_photon() {
  local line
  local -a found shown
  for line in "\${(@f)$(photon __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ "$line" == "${filesMark}" ]]; then
      _files
    elif [[ -n "$line" ]]; then
      found+=("\${line%%$'\\t'*}")
      shown+=("\${line/$'\\t'/  -- }")
    fi
  done
  (( \${#found} )) && compadd -l -d shown -a found
}
compdef _photon photon
`;

const fish = `# Completion of photon for fish. Load it with:  photon completion fish | source
function __photon_complete
  set -l typed (commandline -opc) (commandline -ct)
  for line in (photon __complete -- $typed[2..-1] 2>/dev/null)
    if test "$line" = "${filesMark}"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c photon -f -a '(__photon_complete)'
`;

export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
