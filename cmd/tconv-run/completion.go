package main

import (
	"github.com/spf13/cobra"
)

const completionExample = `  source <(tconv-run completion bash)
  tconv-run completion zsh > "${fpath[1]}/_tconv-run"
  tconv-run completion fish > ~/.config/fish/completions/tconv-run.fish
  tconv-run completion powershell | Out-String | Invoke-Expression`

// newCompletion makes the command that prints what a shell needs to complete commands and flags.
func newCompletion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "completion of commands and flags for bash, zsh, fish, powershell", Example: completionExample,
		Args: args(1, 1, "the shell"), ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.stdout)
			}
			return usagef("shell %q, want bash, zsh, fish or powershell", args[0])
		},
	}
}
