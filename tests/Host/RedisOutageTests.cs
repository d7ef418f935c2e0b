using System.Net.Http.Json;
using System.Text.Json;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Host.Tests;

/// <summary>The default pipeline with a real Redis that is killed and comes back.</summary>
public sealed class RedisOutageTests
{
    private const string Api = "/api/optimized-realtime";

    [Fact]
    public async Task Redis_holds_the_record_as_json_and_its_outage_degrades_health_until_it_is_back()
    {
        await using var redis = await RedisServer.StartNewAsync();
        using var folder = new Folder();
        await using var host = HostProcess.Start(
            Repo.Root,
            new Dictionary<string, string?> { ["REDIS_URL"] = redis.Url },
            "--urls", "http://127.0.0.1:0", "--set", $"sinks.archive.path={folder.File("records.jsonl")}", "--set", $"deadLetter.path={folder.File("dead.jsonl")}");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };

        await ReadsFromRedis(redis);
        await Wait.UntilAsync(async () => await Status(client) == "healthy", "health is healthy with Redis");

        await redis.KillAsync();
        await Wait.UntilAsync(async () => await Status(client) == "degraded", "health is degraded without Redis");
        Assert.Contains("redis", await Problems(client), StringComparison.OrdinalIgnoreCase);
        var before = await Written(client);
        await Wait.UntilAsync(async () => await Written(client) > before + 3, "records go on to the cache and the listeners without Redis");

        await redis.StartAsync();
        await ReadsFromRedis(redis);
        await Wait.UntilAsync(async () => await Status(client) == "healthy", "health is healthy again");
        Assert.True(await host.StopAsync() == 0, host.Error);
    }

    private static async Task ReadsFromRedis(RedisServer redis) => await Wait.UntilAsync(
        async () =>
        {
            var text = await redis.CliAsync("GET", "player:mlb:660271");
            return text.Length > 0 && JsonDocument.Parse(text).RootElement.GetProperty("fields").GetProperty("name").GetString() == "Shohei Ohtani";
        },
        "redis-cli GET player:mlb:660271 gives the record as JSON");

    private static async Task<string?> Status(HttpClient client) => (await Health(client)).GetProperty("status").GetString();

    private static async Task<string> Problems(HttpClient client) => (await Health(client)).GetProperty("problems").ToString();

    private static async Task<JsonElement> Health(HttpClient client)
    {
        using var response = await client.GetAsync($"{Api}/health", TestContext.Current.CancellationToken);
        return await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    private static async Task<long> Written(HttpClient client) =>
        (await client.GetFromJsonAsync<JsonElement>($"{Api}/pipeline", TestContext.Current.CancellationToken))
        .GetProperty("blocks").EnumerateArray().Single(b => b.GetProperty("name").GetString() == "cache").GetProperty("out").GetInt64();
}
