//! What the offline buddy knows to say, by theme.

/// Something people talk about.
pub(super) struct Theme {
    /// For tests and readers.
    #[cfg_attr(not(test), expect(dead_code, reason = "names the theme for readers and tests"))]
    pub(super) name: &'static str,
    /// Words by which it is recognised; `*` stands for any ending.
    pub(super) words: &'static [&'static str],
    /// Replies, said in turn.
    pub(super) replies: &'static [&'static str],
}

/// The graver first.
pub(super) const THEMES: [Theme; 13] = [
    Theme {
        name: "grief",
        words: &["died", "death", "funeral", "grief", "griev*", "mourn*", "bereave*", "widow*"],
        replies: &[
            "I'm so sorry. Losing somebody leaves a gap that nothing quite fits, and there is no right way or right speed to carry it. What do you miss most today?",
            "Grief often comes in waves, some of them out of nowhere. If a wave is here now, it may help to put a hand on your chest and let a few slow breaths pass. Would you like to tell me about the one you lost?",
            "It sounds as if their absence is everywhere. Some people find it eases a little to write them a few lines, as if they could read them. What would your first sentence be?",
        ],
    },
    Theme {
        name: "sadness",
        words: &[
            "sad",
            "sadness",
            "depress*",
            "empty",
            "cry*",
            "cried",
            "hopeless*",
            "numb",
            "worthless",
            "miserable",
            "down",
            "tears",
        ],
        replies: &[
            "That sounds heavy, and I'm glad you said it out loud. You don't have to fix anything in this moment. When did you first notice feeling this way?",
            "When everything is grey, even small things cost a lot. One tiny step can be enough for today: a glass of water, a window open, a message to somebody you like. Which would feel least impossible?",
            "I hear how low this is. If it has been like this for two weeks or more, a doctor or a counsellor is worth talking to, the way one would for a pain that stays. Is there somebody near you who knows how you're doing?",
        ],
    },
    Theme {
        name: "loneliness",
        words: &[
            "lonely",
            "loneliness",
            "alone",
            "nobody",
            "isolated",
            "friendless",
            "excluded",
            "ignored",
        ],
        replies: &[
            "Feeling alone can hurt like something physical. Thank you for spending some of it here. Who was the last person you felt at ease with?",
            "Loneliness likes to tell us that nobody would want to hear from us, and it is often wrong. Would a very small message to somebody, just \"thinking of you\", feel possible today?",
            "I'm sorry it has been so quiet around you. Sometimes a place with people in it, a library, a park, a class, is a gentle start without having to talk. Is there one you used to like?",
        ],
    },
    Theme {
        name: "anxiety",
        words: &[
            "anxi*",
            "worr*",
            "panic*",
            "nervous",
            "afraid",
            "scared",
            "fear*",
            "exam*",
            "test",
            "overwhelm*",
            "stress*",
            "tense",
        ],
        replies: &[
            "That sounds really nerve-racking, and it makes sense that your body is on alert. If you like, try this with me: breathe in for four, hold for four, out for six, three times. What is the part that worries you most?",
            "Worry tends to jump to the worst ending and stay there. It can help to write down the fear in one sentence, and beneath it what you would tell a friend who had it. What would you tell them?",
            "When it all feels like too much, the senses can bring you back: name five things you see, four you can touch, three you hear. And then, what is the very next small step, only the next one?",
        ],
    },
    Theme {
        name: "anger",
        words: &[
            "angry",
            "anger",
            "furious",
            "hate",
            "rage",
            "mad",
            "annoyed",
            "unfair",
            "frustrat*",
        ],
        replies: &[
            "It sounds as if something important to you was stepped on. Anger is often the guard of that. What happened?",
            "That would make many people boil. Before deciding anything, moving for a few minutes, stairs, a fast walk, can take the heat out of the body. What do you wish they had understood?",
            "I hear the anger, and perhaps something tired or hurt underneath. If the anger could say one sentence to them without breaking anything, what would it be?",
        ],
    },
    Theme {
        name: "sleep",
        words: &["sleep*", "insomnia", "awake", "nightmare*", "exhausted", "tired"],
        replies: &[
            "Nights without sleep make everything else harder too. Some people find it helps to get up for a while and write down what keeps circling, so that the page can hold it until morning. What goes through your mind when you lie there?",
            "Being this tired wears anybody thin. Dimmer light and no screen in the last half hour help more than they sound like they would. What do your evenings look like?",
            "I'm sorry the nights are so long. Resting quietly still counts, even when sleep does not come, so perhaps the aim tonight can just be rest. What usually makes you feel safe and calm?",
        ],
    },
    Theme {
        name: "relationships",
        words: &[
            "girlfriend",
            "boyfriend",
            "wife",
            "husband",
            "partner",
            "breakup",
            "broke",
            "divorce*",
            "family",
            "mother",
            "father",
            "mom",
            "dad",
            "parents",
            "friend",
            "fight",
            "argu*",
        ],
        replies: &[
            "The people closest to us can hurt us the most. I'm sorry it's like this between you. What do you wish they knew about how you feel?",
            "That sounds painful. It sometimes helps to sort out what happened, what I felt and what I need, one sentence each, before the next conversation. What would your third sentence be?",
            "It's hard when somebody matters so much and things go wrong. You're allowed to miss them and to be hurt by them at once. What would feel like a small bit of care for yourself today?",
        ],
    },
    Theme {
        name: "work",
        words: &[
            "work",
            "job",
            "boss",
            "colleague*",
            "school",
            "study*",
            "university",
            "deadline*",
            "fired",
            "unemployed",
            "burnout",
        ],
        replies: &[
            "That sounds like a lot of pressure to carry through the day. Which part of it drains you the most?",
            "When everything is urgent, it can help to write down just three things and let the rest wait for tomorrow. What would the three be?",
            "You seem to be giving more than you get back there. What did a good day look like, when there was one, and what was different about it?",
        ],
    },
    Theme {
        name: "identity",
        words: &["human", "bot", "robot", "ai", "real", "chatgpt"],
        replies: &[
            "I'm an AI, not a person and not a therapist. Right now I answer with words that people wrote in advance. I can still be a place to put things into words. What's on your mind?",
            "No human is typing here: I'm an AI buddy with prepared replies. For anything that weighs on you a lot, somebody who knows you or a professional can do more than I can. What made you wonder?",
            "I'm a program, and I'd rather be honest about that. What you feel is real all the same. Would you like to tell me what brought you here?",
        ],
    },
    Theme {
        name: "good news",
        words: &[
            "happy",
            "glad",
            "proud",
            "passed",
            "excited",
            "great",
            "wonderful",
            "better",
            "good",
        ],
        replies: &[
            "That's lovely to hear! Let it sink in for a moment, you're allowed to. What made the difference?",
            "I'm happy for you. Good moments are worth keeping: perhaps write this one down for a day that needs it. Who would enjoy hearing about it?",
            "How nice! What part of it are you most proud of?",
        ],
    },
    Theme {
        name: "thanks",
        words: &["thanks", "thank", "bye", "goodbye"],
        replies: &[
            "Thank you for talking with me. Is there one small kind thing you could do for yourself today?",
            "You're very welcome. What will you take with you from this?",
            "I'm glad you came by. Come back whenever you like; and who else could you share some of this with?",
        ],
    },
    Theme {
        name: "company",
        words: &["talk", "someone", "somebody", "listen*", "chat"],
        replies: &[
            "I'm glad you reached out, and I have time. What would you like to talk about?",
            "Some things get lighter once they are said. Where would you like to begin?",
            "You can put anything here, in any order. What is taking up the most room in your mind?",
        ],
    },
    Theme {
        name: "greeting",
        words: &["hello", "hi", "hey", "morning", "evening"],
        replies: &[
            "It's good to have you here. How are you feeling right now, in a word or two?",
            "Hello again. What has been on your mind since we last talked?",
            "Hey, nice to hear from you. How has today been so far?",
        ],
    },
];

/// When nothing is recognised.
pub(super) const FALLBACK: Theme = Theme {
    name: "anything",
    words: &[],
    replies: &[
        "Thank you for telling me. I'd like to understand it better: what about it matters most to you right now?",
        "I'm listening. If you put a name to the feeling underneath, what would it be?",
        "That sounds like something worth giving room. What would help a little, if it were possible today?",
        "I may not catch every detail, but I'm here. What would you like to happen next?",
    ],
};

/// Where what was said may be a hint at suicide: nothing cheerful, and a plain question.
pub(super) const HINTS: Theme = Theme {
    name: "hints",
    words: &[],
    replies: &[
        "That sounds very heavy, and I'm glad you wrote it. When people say something like this, they sometimes think about death. Are you having thoughts of suicide, or of not wanting to be here?",
        "I hear how much this weighs. I'd rather ask than guess: are you thinking about suicide? Whatever the answer is, you can say it here.",
        "Thank you for telling me. It may be more than anybody should carry alone. Do you think about ending your life, and is there somebody who could be with you today?",
    ],
};
