using System.Buffers;
using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text;
using System.Text.Unicode;

namespace StreamEngine.Sinks.WebSockets.Wire;

/// <summary>
/// Reads a listener's frames (RFC 6455, section 5) from bytes that come in pieces of any size. It holds bytes only while a message or a frame is
/// incomplete.
/// </summary>
/// <param name="maxMessage">Most bytes of a message, its fragments together.</param>
/// <param name="memory">Where the bytes that are held count.</param>
internal sealed class MessageParser(long maxMessage, ListenerMemory memory)
{
    private const int LongestHead = 14;
    private const int MaskLength = 4;

    private byte[] message = [];
    private byte[] control = [];
    private Head head;
    private int headLength;

    /// <summary>Bytes of the message so far.</summary>
    private int length;

    /// <summary>How many of them are known to be text.</summary>
    private int valid;

    /// <summary>Bytes of the frame so far.</summary>
    private int taken;

    /// <summary>Fragments of messages that are not whole, since they were last asked for.</summary>
    private int fragments;

    private bool isInFrame;
    private bool isFragmented;

    [System.Runtime.CompilerServices.InlineArray(LongestHead)]
    private struct Head
    {
        private byte first;
    }

    private static Received NoText => Received.Fault(WebSocketCloseStatus.InvalidPayloadData, "the text is not valid UTF-8");

    private Opcode FrameType => (Opcode)(head[0] & 0x0f);

    private bool IsFinal => (head[0] & 0x80) != 0;

    private bool IsControl => (head[0] & 0x08) != 0;

    /// <summary>Reads the next whole thing.</summary>
    /// <param name="input">What was received; what was read is cut off its front, and is unmasked in place.</param>
    /// <returns>Of kind <see cref="ReceivedKind.Nothing"/> when all input was read.</returns>
    public Received Read(ref Memory<byte> input)
    {
        while (input.Length > 0)
        {
            if (!isInFrame)
            {
                if (!ReadHead(ref input))
                {
                    break;
                }

                if (Fault() is { } fault)
                {
                    return fault;
                }

                isInFrame = true;
                taken = 0;
            }

            if (ReadPayload(ref input) is { Kind: not ReceivedKind.Nothing } whole)
            {
                return whole;
            }
        }

        return default;
    }

    /// <summary>Gives its buffer back, unless a message is in it; what was returned last is not valid any more.</summary>
    public void Trim()
    {
        if (length == 0)
        {
            Release();
        }
    }

    /// <summary>Gives its buffer back: nothing more is read.</summary>
    public void Release()
    {
        memory.Take(-message.Length);
        (message, length, valid) = ([], 0, 0);
    }

    /// <summary>How many fragments of messages that are not whole were read since this was last asked.</summary>
    public int TakeFragments()
    {
        var read = fragments;
        fragments = 0;
        return read;
    }

    private int HeadSize => 2 + MaskLength + ((head[1] & 0x7f) switch { 126 => 2, 127 => 8, _ => 0 });

    private ulong PayloadLength => (head[1] & 0x7f) switch
    {
        126 => BinaryPrimitives.ReadUInt16BigEndian(head[2..]),
        127 => BinaryPrimitives.ReadUInt64BigEndian(head[2..]),
        var few => (ulong)few,
    };

    private bool ReadHead(ref Memory<byte> input)
    {
        var from = input.Span;
        var read = 0;
        while (read < from.Length && (headLength < 2 || headLength < HeadSize))
        {
            head[headLength++] = from[read++];
            if (headLength == 2 && (head[1] & 0x80) == 0)
            {
                // Told at once: what seems to be the mask would be payload.
                break;
            }
        }

        input = input[read..];
        var isWhole = headLength >= 2 && (headLength == HeadSize || (head[1] & 0x80) == 0);
        headLength = isWhole ? 0 : headLength;
        return isWhole;
    }

    /// <summary>What is wrong with a frame whose head is known.</summary>
    private Received? Fault()
    {
        if ((head[0] & 0x70) != 0)
        {
            return Broken("reserved bits are set and no extension was agreed on");
        }

        if ((head[1] & 0x80) == 0)
        {
            return Broken("frames of a client must be masked");
        }

        if (FrameType is not (Opcode.Continuation or Opcode.Text or Opcode.Binary or Opcode.Close or Opcode.Ping or Opcode.Pong))
        {
            return Broken("unknown opcode");
        }

        if (PayloadLength > long.MaxValue || (PayloadLength <= WireFrame.LongestControl && (head[1] & 0x7f) >= 126) || ((head[1] & 0x7f) == 127 && PayloadLength <= ushort.MaxValue))
        {
            return Broken("the payload's length is not in its shortest form");
        }

        if (IsControl)
        {
            return !IsFinal ? Broken("control frames can't be fragmented")
                : PayloadLength > WireFrame.LongestControl ? Broken("control frames have at most 125 bytes")
                : null;
        }

        if (isFragmented != (FrameType == Opcode.Continuation))
        {
            return Broken(isFragmented ? "a new message begins before the last one has ended" : "nothing to continue");
        }

        if (FrameType == Opcode.Binary)
        {
            return Received.Fault(CloseCode.BadRequest, "binary frames are not understood");
        }

        return (ulong)length + PayloadLength > (ulong)maxMessage ? Received.Fault(CloseCode.TooBig, $"a message has at most {maxMessage} bytes") : null;
    }

    private Received ReadPayload(ref Memory<byte> input)
    {
        var whole = (int)PayloadLength;
        var here = input[..Math.Min(whole - taken, input.Length)];
        input = input[here.Length..];
        Unmask(here.Span);
        if (here.Length == whole && (IsControl || (IsFinal && !isFragmented)))
        {
            // All in one piece: no need to keep it.
            isInFrame = false;
            return Whole(here);
        }

        if (IsControl)
        {
            control = control.Length == 0 ? new byte[WireFrame.LongestControl] : control;
            here.CopyTo(control.AsMemory(taken));
        }
        else if (!Keep(here.Span))
        {
            return Received.Fault(CloseCode.TryLater, "what listeners may take together has reached the server's bound");
        }
        else if (!IsTextSoFar())
        {
            return NoText;
        }

        taken += here.Length;
        if (taken < whole)
        {
            return default;
        }

        isInFrame = false;
        return IsControl ? Whole(control.AsMemory(0, whole)) : Fragment();
    }

    private Received Fragment()
    {
        isFragmented = !IsFinal;
        if (isFragmented)
        {
            fragments++;
            return default;
        }

        var text = message.AsMemory(0, length);
        var isText = valid == length;
        (length, valid) = (0, 0);
        return isText ? new Received(ReceivedKind.Text, text) : NoText;
    }

    private Received Whole(ReadOnlyMemory<byte> payload) => FrameType switch
    {
        Opcode.Ping => new Received(ReceivedKind.Ping, payload),
        Opcode.Pong => new Received(ReceivedKind.Pong, payload),
        Opcode.Close => Close(payload),
        _ => Text(payload),
    };

    private static Received Text(ReadOnlyMemory<byte> text) => Utf8.IsValid(text.Span) ? new Received(ReceivedKind.Text, text) : NoText;

    private static Received Close(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length == 0)
        {
            return new Received(ReceivedKind.Close, payload, WebSocketCloseStatus.NormalClosure);
        }

        var status = payload.Length == 1 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(payload.Span);
        return status is not ((>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999)) ? Broken("no valid close code")
            : !Utf8.IsValid(payload.Span[2..]) ? Received.Fault(WebSocketCloseStatus.InvalidPayloadData, "the reason is not valid UTF-8")
            : new Received(ReceivedKind.Close, payload, (WebSocketCloseStatus)status);
    }

    private void Unmask(Span<byte> here)
    {
        ReadOnlySpan<byte> all = head;
        var mask = all.Slice(HeadSize - MaskLength, MaskLength);
        for (var i = 0; i < here.Length; i++)
        {
            here[i] ^= mask[(taken + i) % MaskLength];
        }
    }

    /// <summary>Whether the message can still become valid UTF-8: only its last character may be incomplete.</summary>
    private bool IsTextSoFar()
    {
        var rest = message.AsSpan(valid, length - valid);
        var whole = rest.Length;
        for (var back = 1; back <= Math.Min(3, rest.Length); back++)
        {
            if (rest[^back] >= 0xc0)
            {
                whole = Rune.DecodeFromUtf8(rest[^back..], out _, out _) == OperationStatus.NeedMoreData ? rest.Length - back : whole;
                break;
            }
        }

        valid += whole;
        return Utf8.IsValid(rest[..whole]);
    }

    /// <summary>Takes bytes into the message.</summary>
    /// <returns>Whether there is memory for them.</returns>
    private bool Keep(ReadOnlySpan<byte> here)
    {
        if (message.Length < length + here.Length)
        {
            if (memory.IsFull)
            {
                return false;
            }

            var larger = (int)Math.Min(Math.Max(Math.Max(message.Length * 2L, 512), length + here.Length), maxMessage);
            memory.Take(larger - message.Length);
            Array.Resize(ref message, larger);
        }

        here.CopyTo(message.AsSpan(length));
        length += here.Length;
        return true;
    }

    private static Received Broken(string reason) => Received.Fault(WebSocketCloseStatus.ProtocolError, reason);
}
