# Reference values for crosstabs. Run: Rscript r_crosstab.R FOLDER_WITH_HEART > r_crosstab.txt
suppressMessages(library(metafor))
show <- function(name, x) cat(name, sprintf("%.17g", x), "\n")
cat("#", R.version.string, "metafor", as.character(packageVersion("metafor")), "\n")
folder <- commandArgs(TRUE)[1]
names <- c("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal", "num")
kept <- c("age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak", "num")
heart <- do.call(rbind, lapply(c("cleveland", "hungarian", "switzerland", "va"), function(h) {
  d <- read.csv(file.path(folder, paste0("processed.", h, ".data")), header = FALSE, col.names = names, na.strings = "?")
  d <- na.omit(d[, kept]); d$site <- h; d }))
heart$ill <- as.integer(heart$num > 0)
one <- table(heart$sex, heart$ill)
test <- chisq.test(one, correct = FALSE); show("pearson", c(test$statistic, test$p.value))
test <- chisq.test(one, correct = TRUE); show("yates", c(test$statistic, test$p.value))
show("fisher", fisher.test(one)$p.value)
two <- table(heart$cp, heart$ill)
test <- chisq.test(two); show("pearson_cp", c(test$statistic, test$parameter, test$p.value))
test <- prop.trend.test(two[, 2], rowSums(two)); show("trend_cp", c(test$statistic, test$p.value))
show("fisher_cp", fisher.test(two, workspace = 2e8)$p.value)
small <- heart[heart$site == "switzerland", ]
show("fisher_swiss", fisher.test(table(factor(small$cp, 1:4), small$num), workspace = 2e8)$p.value)
show("residuals", as.vector(t(chisq.test(two)$stdres)))
for (by in c("site", "cp")) {
  strata <- table(heart$sex, heart$ill, heart[[by]])
  test <- mantelhaen.test(strata, correct = FALSE); show(paste0("cmh_", by), c(test$statistic, test$p.value, test$estimate, test$conf.int))
  test <- mantelhaen.test(strata, correct = TRUE); show(paste0("cmh_corrected_", by), c(test$statistic, test$p.value))
  for (measure in c("OR", "RR", "RD")) {
    fit <- rma.mh(ai = strata[2, 2, ], bi = strata[2, 1, ], ci = strata[1, 2, ], di = strata[1, 1, ], measure = measure, correct = FALSE)
    show(paste0("mh_", measure, "_", by), c(as.numeric(fit$b), fit$se))
    if (measure == "OR") show(paste0("tarone_", by), c(fit$BD, fit$BDp, fit$TA, fit$TAp))
  }
}
general <- table(heart$cp, heart$num, heart$sex)
test <- mantelhaen.test(general); show("cmh_general", c(test$statistic, test$parameter, test$p.value))
general <- table(heart$cp, heart$ill, heart$site)
test <- mantelhaen.test(general); show("cmh_general_site", c(test$statistic, test$parameter, test$p.value))
pairs <- table(heart$sex, heart$exang)
test <- mcnemar.test(pairs, correct = FALSE); show("mcnemar", c(test$statistic, test$p.value))
test <- mcnemar.test(pairs); show("mcnemar_corrected", c(test$statistic, test$p.value))
show("mcnemar_exact", binom.test(pairs[1, 2], pairs[1, 2] + pairs[2, 1])$p.value)
