# Homebrew formula of gum-cred {{version}}. Made by scripts/packaging/fill.ts; edit the template there.
class GumCred < Formula
  desc "Credential manager for Gumloop and LLM keys, in the OS keychain"
  homepage "https://github.com/gum-cred/gum-cred"
  version "{{version}}"
  license "MIT"

  on_macos do
    on_arm do
      url "{{url}}/gum-cred-{{version}}-darwin-arm64.tar.gz"
      sha256 "{{sha256 darwin-arm64}}"
    end
    on_intel do
      url "{{url}}/gum-cred-{{version}}-darwin-x64.tar.gz"
      sha256 "{{sha256 darwin-x64}}"
    end
  end

  on_linux do
    on_arm do
      url "{{url}}/gum-cred-{{version}}-linux-arm64.tar.gz"
      sha256 "{{sha256 linux-arm64}}"
    end
    # Homebrew promises no AVX2, so this is the build that needs none.
    on_intel do
      url "{{url}}/gum-cred-{{version}}-linux-x64-baseline.tar.gz"
      sha256 "{{sha256 linux-x64-baseline}}"
    end
  end

  def install
    bin.install "gum-cred"
    bash_completion.install "completions/gum-cred.bash" => "gum-cred"
    zsh_completion.install "completions/_gum-cred"
    fish_completion.install "completions/gum-cred.fish"
    man1.install "man/gum-cred.1"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/gum-cred --version")
  end
end
