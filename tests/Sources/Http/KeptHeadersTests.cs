using System.Text;
using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Transforms;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.Tests.File;

namespace StreamEngine.Sources.Tests.Http;

public class KeptHeadersTests
{
    [Fact]
    public async Task Headers_that_a_mapping_reads_come_with_the_payload_and_no_others()
    {
        await using var folder = new InputFolder();
        folder.Write("map.json", """[{ "record": "game", "key": "game:{id}:{@header('Last-Modified')}", "when": "exists(@header('x-season'))", "fields": { "state": "state" } }]""");
        var loaded = ConfigLoader.LoadText(
            """
            {
              "records": { "game": { "state": { "type": "string" } } },
              "providers": { "p": { "baseUrl": "https://example.test" } },
              "sources": { "s": { "type": "http", "provider": "p", "request": "/", "every": "1m" } },
              "transforms": { "read": { "type": "normalize", "from": "s", "map": "map.json" } },
              "sinks": { "out": { "type": "end", "from": "read" } }
            }
            """,
            "pipeline.json",
            folder.Path("."),
            new BlockCatalog([.. SourceTypes.All, .. Transforms.All, BlockType.Sink<EndOptions>("end", "", (_, _) => throw new NotSupportedException())]),
            [],
            _ => null);
        Assert.Empty(loaded.Faults);
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            context.Response.Headers["X-Season"] = $"200{call}";
            context.Response.Headers["X-Other"] = "x";
            context.Response.Headers.LastModified = "Wed, 01 Apr 2026 12:00:00 GMT";
            return context.Response.WriteAsync($"[{(call == 1 ? 1 : 2)}]");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address)) { Definition = loaded.Definition };
        var options = (HttpSourceOptions)loaded.Definition!.Options.Sources["s"] with { Every = new EveryOptions { Otherwise = Duration.Seconds(0.02) } };
        var documents = await fixture.Run(("s", options))[0].WaitForAsync(3);

        Assert.Equal(["2001", "2002", null], documents.Take(3).Select(d => Header(d, "X-SEASON")));
        Assert.Equal("Wed, 01 Apr 2026 12:00:00 GMT", Header(documents[0], "Last-Modified"));
        Assert.Null(Header(documents[0], "X-Other"));
        Assert.True(documents[2].Document.Confirmed);
    }

    private static string? Header(Emitted emitted, string name) => emitted.Document.Headers?.Find(name) is { } value ? Encoding.UTF8.GetString(value) : null;

    private sealed record EndOptions : SinkOptions;
}
