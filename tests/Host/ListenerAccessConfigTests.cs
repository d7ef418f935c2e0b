namespace StreamEngine.Host.Tests;

/// <summary>Who may listen to what, as an operator writes it.</summary>
public sealed class ListenerAccessConfigTests
{
    private static readonly Dictionary<string, string?> Environment = new()
    {
        ["DESK_KEY"] = "desk-0123456789abcdef",
        ["LOBBY_KEY"] = "lobby-0123456789abcdef",
        ["JWT_SECRET"] = "a secret of at least thirty-two bytes",
        ["SHORT_KEY"] = "hunter2",
    };

    [Fact]
    public async Task The_example_of_the_page_is_valid() =>
        Assert.Equal((0, ""), await ValidateAsync(Repo.Read("docs/listener-access.md").Split("```jsonc\n")[1].Split("```")[0]));

    [Fact]
    public async Task What_is_wrong_is_told_where_it_stands_and_without_the_secrets()
    {
        var (code, error) = await ValidateAsync(
            """
            "listeners": {
              "type": "websocket", "from": ["trusted"],
              "auth": {
                "keys": {
                  "desk": "${DESK_KEY}",
                  "twin": { "key": "${DESK_KEY}", "channels": ["game:*", "player*"] },
                  "low": "${SHORT_KEY}",
                  "plain": { "key": "hunter2-hunter2" }
                },
                "jwt": { "issuer": "https://id.example", "audience": "scores", "publicKey": "${JWT_SECRET}" }
              }
            }
            """);

        Assert.Equal(1, code);
        Assert.Equal(
            """
            pipeline.json(23,24): error: sinks.listeners.auth.keys.twin.key: is the key of 'desk' too, so that nobody could tell the two apart; give it one of its own
            pipeline.json(23,62): error: sinks.listeners.auth.keys.twin.channels[1]: is neither a channel nor a pattern: '*' stands for whole segments and only at the end, such as "player:*" or "player:mlb:*"
            pipeline.json(24,14): error: sinks.listeners.auth.keys.low.key: has 7 characters, which can be guessed; give it at least 16, such as those of: openssl rand -hex 16
            pipeline.json(25,25): error: sinks.listeners.auth.keys.plain.key: has 15 characters, which can be guessed; give it at least 16, such as those of: openssl rand -hex 16
            pipeline.json(27,81): error: sinks.listeners.auth.jwt.publicKey: is no key in PEM format; expected one that begins with -----BEGIN PUBLIC KEY-----

            """,
            error);
    }

    /// <summary>Validates the small pipeline with one more sink.</summary>
    private static async Task<(int Code, string Error)> ValidateAsync(string sink)
    {
        using var folder = new Folder();
        folder.Write("in.jsonl", "");
        folder.Edit("\"out\": {", $"{sink.TrimEnd()},\n\"out\": {{");
        await using var host = HostProcess.Start(folder.Path, Environment, "validate");
        return (await host.WaitForExitAsync(), host.Error);
    }
}
