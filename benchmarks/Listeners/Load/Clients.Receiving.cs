using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace StreamEngine.Benchmarks;

/// <content>What comes from the server.</content>
internal abstract partial class Clients
{
    private void Receive(Connection client)
    {
        client.Rest.AsSpan(0, client.RestLength).CopyTo(buffer);
        var read = Libc.Read(client.Socket, buffer.AsSpan(client.RestLength));
        if (read == -1)
        {
            return;
        }

        Now = Clock();
        if (read <= 0)
        {
            End(client, read == 0 ? "end of stream" : "reset");
            return;
        }

        var all = buffer.AsSpan(0, client.RestLength + read);
        var used = client.State == ConnectionState.Upgrading ? Greeting(client, all) : 0;
        if (client.State is ConnectionState.Open or ConnectionState.Leaving)
        {
            used += Frames(client, all[used..]);
        }

        if (client.State is ConnectionState.Ended or ConnectionState.Connecting)
        {
            return;
        }

        var rest = all[used..];
        client.RestLength = rest.Length;
        if (client.Rest.Length < rest.Length)
        {
            client.Rest = new byte[rest.Length * 2];
        }

        rest.CopyTo(client.Rest);
    }

    private int Greeting(Connection client, ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return 0;
        }

        if (!bytes.StartsWith("HTTP/1.1 101 "u8))
        {
            End(client, "refused: HTTP " + Encoding.ASCII.GetString(bytes[9..Math.Min(12, end)]));
            return bytes.Length;
        }

        client.State = ConnectionState.Open;
        OnOpen(client);
        return end + 4;
    }

    private int Frames(Connection client, ReadOnlySpan<byte> bytes)
    {
        var used = 0;
        while ((client.State is ConnectionState.Open or ConnectionState.Leaving) && Wire.TryRead(bytes[used..], out var opcode, out var payload) is > 0 and var length)
        {
            used += length;
            switch (opcode)
            {
                case Wire.Close:
                    _ = Libc.Send(client.Socket, Wire.Frame(Wire.Close, payload.Length >= 2 ? payload[..2] : []));
                    End(client, payload.Length >= 2 ? string.Create(CultureInfo.InvariantCulture, $"close {BinaryPrimitives.ReadUInt16BigEndian(payload)}") : "close without a code");
                    break;
                case Wire.Ping:
                    Send(client, Wire.Frame(Wire.Pong, payload));
                    break;
                case not Wire.Pong:
                    OnText(client, payload);
                    break;
            }
        }

        return used;
    }
}
