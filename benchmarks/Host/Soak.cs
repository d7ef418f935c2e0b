using System.Globalization;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using HostCommands = StreamEngine.Host.Cli.CommandLine;

namespace StreamEngine.Benchmarks;

/// <summary>
/// Runs the default pipeline in this process for some minutes with one listener, and prints a line a minute: managed heap after
/// a full collection, updates received, the flaky provider's breaker, and what the demo providers' own logs say of us.
/// Fails when the heap grows by more than a tenth after minute 2, a provider's window was exceeded, an exception went
/// unobserved, or the breaker was not seen both open and closed again.
/// </summary>
internal static partial class Soak
{
    private const string Api = "/api/optimized-realtime";

    public static async Task<int> RunAsync(int minutes)
    {
        var unobserved = 0;
        TaskScheduler.UnobservedTaskException += (_, _) => Interlocked.Increment(ref unobserved);
        var console = Console.Out;
        var said = new StringWriter();
        Console.SetOut(TextWriter.Synchronized(said));
        var host = Task.Run(() => HostCommands.InvokeAsync(["run", "--urls", "http://127.0.0.1:0", "--quiet"]));
        var address = new Uri(await WaitForAsync(said, Listening(), host).ConfigureAwait(false));
        var demo = new Uri(await WaitForAsync(said, DemoReport(), host).ConfigureAwait(false));
        using var client = new HttpClient { BaseAddress = address };
        using var end = new CancellationTokenSource();
        var listener = ListenAsync(address, end.Token);

        console.WriteLine("minute  heap MB  updates  livewire breaker (opened)  limits exceeded  busiest second/minute  unobserved");
        double heapAtTwo = 0, heap = 0;
        var states = new HashSet<string>();
        string[] providers = ["statline", "livewire", "scorebook"];
        long exceeded = 0, opened = 0;
        for (var minute = 1; minute <= minutes; minute++)
        {
            var until = DateTime.UtcNow.AddMinutes(1);
            var breaker = default(JsonElement);
            while (DateTime.UtcNow < until)
            {
                breaker = (await client.GetFromJsonAsync<JsonElement>($"{Api}/circuit-breaker/status").ConfigureAwait(false)).GetProperty("circuit_breakers").GetProperty("livewire");
                var state = breaker.GetProperty("state").GetString()!;
                opened = breaker.GetProperty("opened").GetInt64();
                states.Add(state == "closed" && opened > 0 ? "closed again" : state);
                await Task.Delay(500).ConfigureAwait(false);
            }

            heap = Collected();
            heapAtTwo = minute == Math.Min(2, minutes) ? heap : heapAtTwo;
            var reports = await Task.WhenAll(providers.Select(p => client.GetFromJsonAsync<JsonElement>(new Uri(demo, $"/{p}/report")))).ConfigureAwait(false);
            exceeded = reports.Sum(r => r.GetProperty("limitsExceeded").GetInt64());
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{minute,6}  {heap,7:0.00}  {Volatile.Read(ref updates),7}  {breaker.GetProperty("state").GetString(),-16} ({opened})       {exceeded,15}  {string.Join(' ', reports.Select(r => $"{r.GetProperty("busiestSecond")}/{r.GetProperty("busiestMinute")}")),-21}  {unobserved,10}"));
        }

        await end.CancelAsync().ConfigureAwait(false);
        await listener.ConfigureAwait(false);
        Console.SetOut(console);
        string[] faults =
        [
            .. heap > heapAtTwo * 1.1 ? [$"the heap grew from {heapAtTwo:0.00} MB to {heap:0.00} MB"] : Array.Empty<string>(),
            .. exceeded > 0 ? [$"{exceeded} requests exceeded a provider's limit"] : Array.Empty<string>(),
            .. unobserved > 0 ? [$"{unobserved} exceptions went unobserved"] : Array.Empty<string>(),
            .. states.Contains("open") && states.Contains("closed again") ? Array.Empty<string>() : [$"the breaker of livewire was only seen {string.Join(", ", states)}"],
        ];
        console.WriteLine(faults.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $"passed: heap {heapAtTwo:0.00} MB after minute 2, {heap:0.00} MB after minute {minutes}")
            : "failed: " + string.Join("; ", faults));
        return faults.Length == 0 ? 0 : 1;
    }

    private static long updates;

    private static double Collected()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: true) / 1e6;
    }

    private static async Task<string> WaitForAsync(StringWriter said, Regex wanted, Task<int> host)
    {
        while (true)
        {
            if (wanted.Match(said.ToString()) is { Success: true } match)
            {
                return match.Groups[1].Value;
            }

            if (host.IsCompleted)
            {
                throw new InvalidOperationException($"The host ended: {said}");
            }

            await Task.Delay(20).ConfigureAwait(false);
        }
    }

    private static async Task ListenAsync(Uri address, CancellationToken end)
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{address.Authority}{Api}/ws/player-updates"), end).ConfigureAwait(false);
        foreach (var channel in (string[])["player:*", "game:*"])
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"type":"subscribe","id":1,"channel":"{{channel}}"}"""), WebSocketMessageType.Text, true, end).ConfigureAwait(false);
        }

        var buffer = new byte[64 << 10];
        try
        {
            while (socket.State == WebSocketState.Open)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), end).ConfigureAwait(false);
                if (received.EndOfMessage && buffer.AsSpan(0, received.Count).IndexOf("\"type\":\"update\""u8) >= 0)
                {
                    Interlocked.Increment(ref updates);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The soak is over.
        }
    }

    [GeneratedRegex(@"Listening on (http\S+)")]
    private static partial Regex Listening();

    [GeneratedRegex(@"(http://\S+)/report")]
    private static partial Regex DemoReport();
}
