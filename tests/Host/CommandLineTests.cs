using System.Net;
using System.Net.Sockets;

namespace StreamEngine.Host.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Validate_says_what_a_sound_pipeline_has_and_what_its_paths_promise()
    {
        folder.Write("in.jsonl", "");
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "validate");

        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.StartsWith("pipeline.json: OK: 1 source, 4 transforms, 1 sink\n", output, StringComparison.Ordinal);
        Assert.Contains("lines -> normalized -> unique -> scored -> trusted -> out", output, StringComparison.Ordinal);
        Assert.Contains("file: Exactly once, in order, from a checkpoint on", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_says_what_becomes_of_a_record_when_the_process_dies()
    {
        folder.Write("in.jsonl", "");
        Assert.Contains("    file -> file: at least once, and a restart begins anew", (await HostProcess.RunAsync(folder.Path, "validate")).Output, StringComparison.Ordinal);
        Assert.Contains("    file -> file: exactly once\n", (await HostProcess.RunAsync(folder.Path, "validate", "--set", "checkpoint.path=state")).Output, StringComparison.Ordinal);
        Assert.Contains(
            "    file -> file: exactly once; when it can't keep up, only the latest record of each key\n",
            (await HostProcess.RunAsync(folder.Path, "validate", "--set", "checkpoint.path=state", "--set", "sinks.out.onFull=conflate")).Output,
            StringComparison.Ordinal);

        var (_, demo, _) = await HostProcess.RunAsync(Repo.Root, "validate", "--set", "checkpoint.path=state");
        Assert.Contains("    http -> dead letter: at least once (the provider is asked again)\n", demo, StringComparison.Ordinal);
        Assert.Contains("    http -> cache: at least once (the provider is asked again; the store takes a version only if it is newer)\n", demo, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_says_where_dead_records_go_and_what_bounds_them()
    {
        folder.Write("in.jsonl", "");
        var (_, output, _) = await HostProcess.RunAsync(folder.Path, "validate", "--set", "checkpoint.path=state", "--set", "deadLetter.maxBytes=3MB");
        Assert.Contains(
            "dead records -> dead.jsonl\n    at most 3MB, then it becomes dead.jsonl.1 and replaces the one before; 64KB of a payload\n    file -> dead letter: exactly once\nmemory: ",
            output,
            StringComparison.Ordinal);
        Assert.Contains(
            "    file -> dead letter: at least once, and a restart begins anew: everything is read and written again\nmemory: ",
            (await HostProcess.RunAsync(folder.Path, "validate")).Output,
            StringComparison.Ordinal);
        Assert.Contains(
            "dead records are counted and not kept; 'deadLetter.path' would keep them\nmemory: ",
            (await HostProcess.RunAsync(folder.Path, "validate", "--set", "deadLetter.path=")).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_says_whether_the_limits_of_providers_suffice()
    {
        folder.Write("plan.json", """
            {
              "records": { "game": { "state": { "type": "string" } } },
              "providers": {
                "odds": { "baseUrl": "http://127.0.0.1:1", "throttle": { "perMonth": 20000 } },
                "league": { "baseUrl": "http://127.0.0.1:1" }
              },
              "sources": {
                "lines": { "type": "http", "provider": "odds", "request": "/odds?markets=h2h,totals", "every": "3m", "cost": { "times": ["markets"] } },
                "schedule": { "type": "http", "provider": "league", "request": "/schedule", "every": "1m" },
                "feeds": {
                  "type": "http", "provider": "league", "request": "/game/{id}", "for": { "from": "schedule", "each": "$[*]", "id": "id", "state": "state" },
                  "every": { "when": "state", "Live": "10s", "*": "10m" }, "assume": { "items": 15, "Live": 6 }
                }
              },
              "transforms": { "read": { "type": "normalize", "from": ["lines", "schedule", "feeds"], "map": "map.json" } },
              "sinks": { "out": { "type": "file", "from": ["read"], "path": "out.jsonl" } }
            }
            """);
        folder.Write("map.json", """[{ "each": "$[*]", "record": "game", "key": "game:{id}", "fields": { "state": "state" } }]""");
        var (code, output, _) = await HostProcess.RunAsync(folder.Path, "plan", "plan.json");

        Assert.Equal(
            """
            provider 'odds': DOES NOT FIT
                lines: 1 request of 2 credits every 3m
                per second  needs   0.01 of      2
                per minute  needs   0.67 of     60
                per month   needs 29,760 of 20,000, used up after 20.8 days
                remedy: raise 'every' of 'lines' to 268s, or allow more under 'throttle' when the provider does
            provider 'league': fits
                schedule: 1 request every 1m
                feeds: 6 requests every 10s, 9 every 10m
                per second  needs 0.63 of  2
                per minute  needs   38 of 60
            retries, redirects, tokens and connects of websockets come on top

            """,
            output);
        Assert.Equal(1, code);
        Assert.Equal(0, (await HostProcess.RunAsync(folder.Path, "plan", "plan.json", "--set", "sources.lines.every=268s")).Code);
    }

    [Fact]
    public async Task Validate_names_file_line_column_and_path_of_each_fault()
    {
        folder.Edit("\"window\": \"10m\"", "\"widnow\": \"10m\"");
        folder.Edit("\"from\": [\"trusted\"]", "\"from\": [\"trustde\"]");
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "validate");

        Assert.Equal(1, code);
        Assert.Equal("", output);
        Assert.Matches(@"(?m)^pipeline\.json\(13,\d+\): error: transforms\.unique\.widnow: .*window", error);
        Assert.Matches(@"(?m)^pipeline\.json\(18,\d+\): error: sinks\.out\.from.*trusted", error);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("validate")]
    [InlineData("graph")]
    public async Task A_missing_file_is_told_in_clear_words(string verb)
    {
        var (code, _, error) = await HostProcess.RunAsync(folder.Path, verb, "nowhere.json");

        Assert.Equal(1, code);
        Assert.Contains("nowhere.json", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_refuses_an_address_that_run_would_refuse_where_it_stands()
    {
        folder.Write("in.jsonl", "");
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "validate", "--set", "server.urls=http://127.0.0.1:80x");

        Assert.Equal((1, ""), (code, output));
        Assert.Matches(@"^--set\(1,\d+\): error: server\.urls: 'http://127\.0\.0\.1:80x' .*write it like http://127\.0\.0\.1:8765", error);
    }

    [Fact]
    public async Task The_usage_of_a_verb_names_its_file_once_and_a_fault_is_told_once()
    {
        var (_, help, _) = await HostProcess.RunAsync(folder.Path, "validate", "--help");
        Assert.Contains("streamengine validate [<FILE>] [options]", help, StringComparison.Ordinal);

        var (code, _, error) = await HostProcess.RunAsync(folder.Path, "run", "--set");
        Assert.Equal(2, code);
        Assert.Equal(2, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task A_mistyped_verb_is_not_taken_for_a_file()
    {
        var (code, _, error) = await HostProcess.RunAsync(folder.Path, "valdate");

        Assert.Equal(1, code);
        Assert.Contains("did you mean 'streamengine validate'?", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("run", "a.json", "b.json")]
    [InlineData("graph", "--format", "png")]
    [InlineData("--urls", "nowhere")]
    [InlineData("--urls", "https://127.0.0.1:0")]
    public async Task A_wrong_command_line_ends_with_2(params string[] arguments)
    {
        folder.Write("in.jsonl", "");
        var (code, _, error) = await HostProcess.RunAsync(folder.Path, arguments);

        Assert.Equal(2, code);
        Assert.NotEqual("", error);
    }

    [Theory]
    [InlineData("--help", "validate")]
    [InlineData("--version", "0.1.0")]
    [InlineData("schema", "\"deadLetter\"")]
    public async Task Help_version_and_schema_need_no_pipeline(string argument, string expected)
    {
        File.Delete(folder.File("pipeline.json"));
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, argument);

        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mermaid", "flowchart LR")]
    [InlineData("dot", "digraph \"small\"")]
    public async Task Graph_shows_blocks_types_and_shared_stages(string format, string start)
    {
        folder.Write("in.jsonl", "");
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "graph", "--format", format, "--set", "parallelism=3");

        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.StartsWith(start, output, StringComparison.Ordinal);
        Assert.Contains("deduplicate", output, StringComparison.Ordinal);
        var frames = output.Split('\n').Where(l => l.Contains("3 workers", StringComparison.Ordinal)).Select(l => l.Trim(' ', ';', ']').Split('"')[1]);
        Assert.Equal(["3 workers, any batch", "3 workers, by key"], frames);
        Assert.Matches(format == "dot" ? @"(?m)^  \{ (b\d ){5}\} -> dead \[style=dotted, label=dead\];$" : @"(?m)^  b\d( & b\d){4} -\. dead \.-> dead$", output);
        Assert.Contains("dead.jsonl", output, StringComparison.Ordinal);
        Assert.DoesNotContain("dead", (await HostProcess.RunAsync(folder.Path, "graph", "--format", format, "--set", "deadLetter.path=")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_config_opens_no_port()
    {
        folder.Write("in.jsonl", "");
        folder.Edit("\"window\": \"10m\"", "\"window\": \"soon\"");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "--urls", $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");

        // Had it tried to open the port, it would have found it in use.
        Assert.DoesNotContain("in use", error, StringComparison.Ordinal);
        Assert.Matches(@"^pipeline\.json\(13,\d+\): error: transforms\.unique\.window: [^\n]*\n$", error);
        Assert.Equal("", output);
        Assert.Equal(1, code);
        Assert.False(File.Exists(folder.File("out.jsonl")));
    }

    [Fact]
    public async Task A_port_in_use_is_told_with_the_remedy()
    {
        folder.Write("in.jsonl", "");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "--urls", $"http://127.0.0.1:{port}");

        Assert.Equal(1, code);
        Assert.Equal("", output);
        Assert.Equal($"streamengine: http://127.0.0.1:{port} is in use by another process; stop it, or choose another port with --urls http://127.0.0.1:{port + 1}\n", error);
        Assert.False(File.Exists(folder.File("out.jsonl")));
    }

    [Fact]
    public async Task The_command_line_wins_over_the_environment_which_wins_over_the_config()
    {
        folder.Write("in.jsonl", "");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var inUse = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        await using var environment = HostProcess.Start(folder.Path, new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = inUse }, "--set", "server.urls=http://127.0.0.1:0");
        await using var commandLine = HostProcess.Start(folder.Path, new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = inUse }, "--urls", "http://127.0.0.1:0");

        Assert.Equal(1, await environment.WaitForExitAsync());
        Assert.Contains(inUse, environment.Error, StringComparison.Ordinal);
        Assert.Equal(0, await commandLine.WaitForExitAsync());
    }

    [Fact]
    public async Task Map_shows_the_records_and_which_step_of_a_path_found_nothing()
    {
        folder.Write("in.jsonl", "");
        folder.Write("map.json", """
            [ { "record": "player", "each": "$.players[?@.id > 1]", "key": "player:{id}", "eventTime": "$.at",
                "fields": { "name": "who.name", "hits": "stats.h", "atBats": "stats.list[2].ab" } } ]
            """);
        folder.Write("payload.json", """{"at":"2026-05-01T12:00:00Z","players":[{"id":1},{"id":2,"who":{"nick":"N"},"stats":{"h":"x","list":[]}},{"who":{"name":"O"}}]}""");
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "map", "map.json", "payload.json");
        Assert.Equal("", error);
        Assert.Equal(0, code);
        var lines = output.Split('\n');
        Assert.StartsWith("""{"key":"player:2","kind":"player",""", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            [
                "    name: 'who.name': there is no 'name' in $['players'][1]['who'], which has nick",
                "    hits: the value at 'stats.h' is no int as declared",
                "    atBats: 'stats.list[2].ab': there is no item 2 in $['players'][1]['stats']['list'], which is an array of 0",
                "1 record, 0 refused",
                "",
            ],
            lines[1..]);
    }

    [Fact]
    public async Task Map_says_what_became_no_record_and_what_is_wrong_with_a_mapping()
    {
        folder.Write("in.jsonl", "");
        folder.Write("payload.json", """{"h":1}""");
        var (code, output, _) = await HostProcess.RunAsync(folder.Path, "map", "map.json", "payload.json");
        Assert.Equal(1, code);
        Assert.Equal("missing key: no value of at most 512 bytes at 'id': {\"h\":1}\n0 records, 1 refused\n", output);

        folder.Write("payload.json", "{");
        (code, output, _) = await HostProcess.RunAsync(folder.Path, "map", "map.json", "payload.json");
        Assert.Equal(1, code);
        Assert.StartsWith("the payload: malformed json: ", output, StringComparison.Ordinal);

        folder.Write("map.json", """[ { "record": "player", "key": "player:{id}", "fields": { "name": "a[?@.b ==]" } } ]""");
        (code, _, var error) = await HostProcess.RunAsync(folder.Path, "map", "map.json", "payload.json");
        Assert.Equal(1, code);
        Assert.StartsWith("map.json(1,", error, StringComparison.Ordinal);
        Assert.Contains("error: [0].fields.name: 'a[?@.b ==]' is no path: ", error, StringComparison.Ordinal);
        Assert.Contains(" at position 10", error, StringComparison.Ordinal);

        folder.Write("map.json", "[]");
        folder.Write("other.json", """[ { "record": "player", "key": "player:{id}", "fields": { "name": "a" } } ]""");
        folder.Edit("map.json", "other.json");
        (code, _, error) = await HostProcess.RunAsync(folder.Path, "map", "other.json", "nothing.json");
        Assert.Equal((1, true), (code, error.StartsWith("streamengine: the payload can't be read: ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("http://user:secret@127.0.0.1:1", "streamengine: no host answers at http://127.0.0.1:1: ")]
    [InlineData("http://127.0.0.1:1", "streamengine: no host answers at http://127.0.0.1:1: ")]
    [InlineData("here", "streamengine: 'here' is no address of a host; write it like http://127.0.0.1:8765")]
    public async Task Explain_needs_a_host_that_runs(string url, string expected)
    {
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "explain", "player:mlb:1", "--url", url);
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_says_when_something_else_answers()
    {
        using var listener = new HttpListener();
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var answering = Task.Run(
            async () =>
            {
                var context = await listener.GetContextAsync();
                context.Response.StatusCode = 404;
                context.Response.Close("<html>"u8.ToArray(), willBlock: true);
            },
            TestContext.Current.CancellationToken);
        var (code, _, error) = await HostProcess.RunAsync(folder.Path, "explain", "player:mlb:1", "--url", $"http://127.0.0.1:{port}");
        await answering;
        Assert.Equal(1, code);
        Assert.Equal($"streamengine: what answers at http://127.0.0.1:{port} is no streamengine: it says HTTP 404\n", error);
    }
}
