using System.Diagnostics;

namespace StreamEngine.Benchmarks;

/// <summary>Node's <c>ws</c>, where it is installed: each update is sent to all clients.</summary>
internal static class NodeWs
{
    private const string Script = """
        const { WebSocketServer } = require(require.resolve('ws', { paths: [process.argv[2]] }));
        const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => console.log(server.address().port));
        const pad = 'x'.repeat(128);
        let seq, due, timer;
        const publish = (every) => {
          // Not for as long as it is late: with more to do than it can, it would hear of nothing else.
          for (let most = 10; most > 0 && due <= performance.now(); most--, due += every) {
            const body = `{"player":"mlb:660271","pad":"${pad}","seq":${seq++},"t":${Math.round((performance.timeOrigin + due) * 1000)}}`;
            for (const client of server.clients) if (client.readyState === 1) client.send(body);
          }
        };
        require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
          const [command, rate] = line.split(' ');
          if (command === 'publish') {
            seq = 0;
            due = performance.now() + 100;
            timer = setInterval(publish, 1, 1000 / +rate);
            console.log('ok');
          } else {
            clearInterval(timer);
            console.log(seq);
          }
        }).on('close', () => process.exit(0));
        """;

    /// <param name="folder">A folder with <c>ws</c> in its <c>node_modules</c> or above.</param>
    /// <returns>Why it can't take part; null when it can.</returns>
    public static string? Missing(string folder)
    {
        try
        {
            using var node = Process.Start(Node("-e", "require.resolve('ws', { paths: [process.argv[1]] })", folder))!;
            node.StandardInput.Close();
            node.StandardError.ReadToEnd();
            node.WaitForExit();
            return node.ExitCode == 0 ? null : "ws: not installed (npm install ws in some folder, and --ws FOLDER)";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "ws: not installed (there is no node)";
        }
    }

    public static IFanOutServer Start(string folder, string scratch)
    {
        var script = Path.Combine(scratch, "ws-server.cjs");
        File.WriteAllText(script, Script);
        return new ChildServer("ws (Node)", "/", Dialect.Plain, new Child("ws", Node(script, Path.GetFullPath(folder))));
    }

    private static ProcessStartInfo Node(params string[] args) =>
        new("node", args) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = args[0] == "-e" };
}
