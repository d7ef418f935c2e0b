using System.Runtime.CompilerServices;

namespace StreamEngine.Pipeline.Health;

/// <summary>What a batch shows of one source, in the order of its rows.</summary>
internal struct SourceMoves
{
    /// <summary>When its latest answer was received: UTC ticks; 0 for none.</summary>
    public long Heard;

    /// <summary>When the one before that was.</summary>
    public long HeardBefore;

    /// <summary>Whether it said something new.</summary>
    public bool HasMoved;

    /// <summary>How often others have changed what it says since, so that it differs.</summary>
    public int Overtaken;

    /// <summary>When they did so the first few times: UTC ticks.</summary>
    public Times OvertakenAt;

    /// <summary>When they did so last: UTC ticks.</summary>
    public long OvertakenLast;

    /// <summary>It answers.</summary>
    /// <param name="received">When the answer was received: UTC ticks.</param>
    public void Hear(long received)
    {
        if (received > Heard)
        {
            (HeardBefore, Heard) = (Heard, received);
        }
    }

    /// <summary>It says something new.</summary>
    public void Move() => (HasMoved, Overtaken) = (true, 0);

    /// <summary>Another source has changed what it says.</summary>
    /// <param name="received">When: UTC ticks.</param>
    public void Overtake(long received)
    {
        if (Overtaken < Standstill.Changes)
        {
            OvertakenAt[Overtaken] = received;
        }

        Overtaken++;
        OvertakenLast = Math.Max(OvertakenLast, received);
    }

    [InlineArray(Standstill.Changes)]
    internal struct Times
    {
        private long first;
    }
}
