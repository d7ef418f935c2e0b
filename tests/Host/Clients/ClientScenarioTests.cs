namespace StreamEngine.Host.Tests.Clients;

/// <summary>
/// A browser, Node's <c>ws</c> and .NET's <see cref="System.Net.WebSockets.ClientWebSocket"/> have the same conversations with a real host: those of
/// <c>tests/clients/scenarios.json</c>.
/// </summary>
public sealed class ClientScenarioTests(ScenarioWorld world) : IClassFixture<ScenarioWorld>
{
    private const string DotNet = "ClientWebSocket";

    public static TheoryData<string, string> Scenarios => new(
        from client in (string[])[DotNet, ScriptClients.Ws, ScriptClients.Browser]
        from scenario in ScenarioWorld.Scenarios.Keys
        select (client, scenario));

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task All_clients_have_the_same_conversations(string client, string scenario)
    {
        if (ScriptClients.Missing(client) is { } reason)
        {
            Assert.Skip(reason);
        }

        var steps = world.StepsOf(scenario);
        if (client == DotNet)
        {
            await ScenarioRunner.RunAsync(world, steps);
            return;
        }

        var fault = await world.Scripts.RunAsync(client, steps);
        Assert.True(fault is null, fault);
    }
}
