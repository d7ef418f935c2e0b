using System.Diagnostics;
using StreamEngine.Host.Tests;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.Tests.WebSocket.Access;

/// <summary>The scripts of <c>docs/listener-access.md</c> make tokens that are admitted.</summary>
public sealed class DocumentedTokensTests
{
    [Fact]
    public async Task The_shell_script_signs_with_a_secret()
    {
        using var folder = new TempFolder();
        var token = await RunAsync(folder, "sh", "-c", Block("sh"));

        var grant = Tokens.Access(Tokens.SecretOptions, TimeProvider.System).Admit(token);
        Assert.Equal("ann", grant.Name);
        Assert.True(grant.Allows(ChannelName.Parse("player:*", out _)!));
        Assert.False(grant.Allows(ChannelName.Parse("game:1", out _)!));
    }

    [Fact]
    public async Task The_node_script_signs_with_a_private_key()
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => System.IO.File.Exists(Path.Combine(p, "node"))), "node is not installed");
        using var folder = new TempFolder();
        foreach (var command in Page().Split('`').Where(t => t.StartsWith("openssl ecparam", StringComparison.Ordinal) || t.StartsWith("openssl pkey", StringComparison.Ordinal)).ToList())
        {
            await RunAsync(folder, "sh", "-c", command);
        }

        var token = await RunAsync(folder, "node", "-e", Block("js"));

        var options = Tokens.SecretOptions with { Secret = null, PublicKey = await System.IO.File.ReadAllTextAsync(folder.Of("jwt.pem"), TestContext.Current.CancellationToken) };
        Assert.True(Tokens.Access(options, TimeProvider.System).Admit(token).Allows(ChannelName.Parse("game:mlb:*", out _)!));
    }

    private static string Page() => Repo.Read("docs/listener-access.md");

    private static string Block(string language) => Page().Split($"```{language}\n")[1].Split("```")[0];

    private static async Task<string> RunAsync(TempFolder folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder.Path, RedirectStandardOutput = true };
        start.Environment["JWT_SECRET"] = Tokens.Secret;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output.Trim();
    }
}
